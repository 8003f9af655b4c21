// Package kubernetes tests the manifests in this folder.
package kubernetes

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"sigs.k8s.io/json"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// A cluster is what a kustomization makes, by name.
type cluster struct {
	namespaces      map[string]corev1.Namespace
	deployments     map[string]appsv1.Deployment
	jobs            map[string]batchv1.Job
	services        map[string]corev1.Service
	budgets         map[string]policyv1.PodDisruptionBudget
	policies        map[string]networkingv1.NetworkPolicy
	scaledObjects   map[string]scaledObject
	authentications map[string]triggerAuthentication
}

// build applies a kustomization as kubectl does, and decodes what comes out. A field that Kubernetes
// does not know, or one of the wrong type, fails the test.
func build(t *testing.T, folder string) cluster {
	t.Helper()
	made, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), folder)
	if err != nil {
		t.Fatalf("build %s: %v", folder, err)
	}
	c := cluster{
		namespaces: map[string]corev1.Namespace{}, deployments: map[string]appsv1.Deployment{},
		jobs: map[string]batchv1.Job{}, services: map[string]corev1.Service{},
		budgets: map[string]policyv1.PodDisruptionBudget{}, policies: map[string]networkingv1.NetworkPolicy{},
		scaledObjects: map[string]scaledObject{}, authentications: map[string]triggerAuthentication{},
	}
	for _, r := range made.Resources() {
		content, err := r.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		kind := r.GetGvk().ApiVersion() + " " + r.GetKind()
		switch kind {
		case "v1 Namespace":
			err = decode(content, r.GetName(), c.namespaces)
		case "apps/v1 Deployment":
			err = decode(content, r.GetName(), c.deployments)
		case "batch/v1 Job":
			err = decode(content, r.GetName(), c.jobs)
		case "v1 Service":
			err = decode(content, r.GetName(), c.services)
		case "policy/v1 PodDisruptionBudget":
			err = decode(content, r.GetName(), c.budgets)
		case "networking.k8s.io/v1 NetworkPolicy":
			err = decode(content, r.GetName(), c.policies)
		case "keda.sh/v1alpha1 ScaledObject":
			err = decode(content, r.GetName(), c.scaledObjects)
		case "keda.sh/v1alpha1 TriggerAuthentication":
			err = decode(content, r.GetName(), c.authentications)
		default:
			t.Fatalf("%s: nobody expects a %s", folder, kind)
		}
		if err != nil {
			t.Fatalf("%s: %s %s: %v", folder, kind, r.GetName(), err)
		}
		if kind != "v1 Namespace" && r.GetNamespace() != "deepskin" {
			t.Errorf("%s: %s %s is in the namespace %q", folder, kind, r.GetName(), r.GetNamespace())
		}
	}
	return c
}

func decode[T any](content []byte, name string, into map[string]T) error {
	content, err := yaml.YAMLToJSONStrict(content)
	if err != nil {
		return err
	}
	// As the API server does it: unlike encoding/json, this minds capital letters.
	var value T
	problems, err := json.UnmarshalStrict(content, &value)
	if err := errors.Join(append(problems, err)...); err != nil {
		return err
	}
	if _, ok := into[name]; ok {
		return errors.New("there are two of it")
	}
	into[name] = value
	return nil
}

// pods are the templates of all pods, by the name of what makes them.
func (c cluster) pods() map[string]corev1.PodTemplateSpec {
	pods := map[string]corev1.PodTemplateSpec{}
	for name, d := range c.deployments {
		pods[name] = d.Spec.Template
	}
	for name, j := range c.jobs {
		pods[name] = j.Spec.Template
	}
	return pods
}

// all are the kustomizations that are applied.
var all = []string{"base", "overlays/gpu", "migrate"}

// everyPod runs a test on the pods of all kustomizations, each of which has one container.
func everyPod(t *testing.T, test func(t *testing.T, pod corev1.PodTemplateSpec, container corev1.Container)) {
	t.Helper()
	for _, folder := range all {
		for name, pod := range build(t, folder).pods() {
			t.Run(folder+"/"+name, func(t *testing.T) {
				if len(pod.Spec.Containers) != 1 {
					t.Fatalf("%d containers", len(pod.Spec.Containers))
				}
				test(t, pod, pod.Spec.Containers[0])
			})
		}
	}
}

// settings are the names of all environment variables that the program reads.
func settings(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, match := range regexp.MustCompile(`env:"([A-Z_]+)"`).FindAllStringSubmatch(read(t, "../../cmd/deepskin/settings.go"), -1) {
		names = append(names, match[1])
	}
	if !slices.Contains(names, "REDIS_URL") {
		t.Fatalf("the program's settings are not where they were: %v", names)
	}
	return names
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestPodsHaveNoMoreRightsThanTheyNeed(t *testing.T) {
	everyPod(t, func(t *testing.T, pod corev1.PodTemplateSpec, c corev1.Container) {
		p, s := pod.Spec.SecurityContext, c.SecurityContext
		switch {
		case p == nil || p.RunAsNonRoot == nil || !*p.RunAsNonRoot || p.RunAsUser == nil || *p.RunAsUser != 65532:
			t.Error("it does not run as the image's user")
		case p.SeccompProfile == nil || p.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault:
			t.Error("it may call all of the kernel")
		case s == nil || s.ReadOnlyRootFilesystem == nil || !*s.ReadOnlyRootFilesystem:
			t.Error("it may write over its own files")
		case s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation || s.Privileged != nil:
			t.Error("it may gain rights")
		case s.Capabilities == nil || !slices.Equal(s.Capabilities.Drop, []corev1.Capability{"ALL"}) || len(s.Capabilities.Add) > 0:
			t.Error("it has capabilities")
		case pod.Spec.AutomountServiceAccountToken == nil || *pod.Spec.AutomountServiceAccountToken:
			t.Error("it has a token for the cluster's API")
		}
		if c.Resources.Limits.Memory().IsZero() || c.Resources.Requests.Memory().Cmp(*c.Resources.Limits.Memory()) > 0 {
			t.Errorf("memory: %v of %v", c.Resources.Requests.Memory(), c.Resources.Limits.Memory())
		}
	})
}

func TestPodsAreSetAsTheProgramReadsIt(t *testing.T) {
	known, docs := settings(t), read(t, "../../docs/kubernetes.md")
	everyPod(t, func(t *testing.T, _ corev1.PodTemplateSpec, c corev1.Container) {
		for _, v := range c.Env {
			if !slices.Contains(known, v.Name) {
				t.Errorf("the program does not read %s", v.Name)
			}
			if v.ValueFrom == nil {
				continue
			}
			secret := v.ValueFrom.SecretKeyRef
			if secret == nil {
				t.Errorf("%s does not come from a secret", v.Name)
			} else if !strings.Contains(docs, "secret generic "+secret.Name) || !strings.Contains(docs, secret.Key+"=") {
				t.Errorf("docs/kubernetes.md does not make the key %s of the secret %s", secret.Key, secret.Name)
			}
		}
	})
}

func TestEachProcessGetsOnlyItsSecrets(t *testing.T) {
	want := map[string][]string{
		"bot": {
			"chats/discord-token?", "chats/telegram-token?", "keys/address", "keys/identity", "keys/rotated?", "postgres/url", "redis/url",
		},
		"worker":  {"redis/url"}, // no token, no keys, no database
		"migrate": {"postgres/url"},
	}
	everyPod(t, func(t *testing.T, pod corev1.PodTemplateSpec, c corev1.Container) {
		var got []string
		for _, v := range c.Env {
			if v.ValueFrom != nil {
				secret := v.ValueFrom.SecretKeyRef
				name := secret.Name + "/" + secret.Key
				if secret.Optional != nil && *secret.Optional {
					name += "?"
				}
				got = append(got, name)
			} else if strings.Contains(v.Value, "://") || strings.HasSuffix(v.Name, "_KEY") || strings.HasSuffix(v.Name, "_TOKEN") {
				t.Errorf("%s is in the manifest", v.Name)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want[c.Name]) {
			t.Errorf("secrets %v, want %v", got, want[c.Name])
		}
		if len(c.EnvFrom) > 0 || !slices.Equal(c.Args, []string{c.Name}) {
			t.Errorf("it runs %v with %v", c.Args, c.EnvFrom)
		}
		for _, v := range pod.Spec.Volumes {
			if v.EmptyDir == nil || v.EmptyDir.SizeLimit == nil {
				t.Errorf("volume %s is more than a place for temporary files", v.Name)
			}
		}
	})
}

func TestPodsAreAskedHowTheyAreAndEndInTime(t *testing.T) {
	// How long they take to end by themselves, in seconds: see docs/running.md.
	drain := map[string]int64{"bot": 15, "worker": 20}
	for _, folder := range []string{"base", "overlays/gpu"} {
		c := build(t, folder)
		if len(c.deployments) != len(drain) {
			t.Fatalf("%s: %d deployments", folder, len(c.deployments))
		}
		for name, d := range c.deployments {
			pod := d.Spec.Template.Spec
			container := pod.Containers[0]
			for path, probe := range map[string]*corev1.Probe{"/healthz": container.LivenessProbe, "/readyz": container.ReadinessProbe} {
				if probe == nil || probe.HTTPGet == nil || probe.HTTPGet.Path != path || probe.HTTPGet.Port.StrVal != "ops" {
					t.Errorf("%s: %s is not asked for %s", folder, name, path)
				} else if probe.TimeoutSeconds <= 3 {
					t.Errorf("%s: %s may take 3 seconds to answer %s, and is given %d", folder, name, path, probe.TimeoutSeconds)
				}
			}
			if port := namedPort(container, "ops"); fmt.Sprintf(":%d", port) != value(container, "DEEPSKIN_OPS_ADDR") {
				t.Errorf("%s: %s is asked at port %d", folder, name, port)
			}
			needs := drain[name]
			if container.Lifecycle != nil {
				needs += container.Lifecycle.PreStop.Sleep.Seconds
			}
			if grace := pod.TerminationGracePeriodSeconds; grace == nil {
				t.Errorf("%s: %s gets what is usual to end", folder, name)
			} else if *grace <= needs {
				t.Errorf("%s: %s takes up to %d seconds to end and gets %d", folder, name, needs, *grace)
			}
		}
	}
}

func namedPort(c corev1.Container, name string) int32 {
	for _, p := range c.Ports {
		if p.Name == name {
			return p.ContainerPort
		}
	}
	return 0
}

func value(c corev1.Container, name string) string {
	for _, v := range c.Env {
		if v.Name == name {
			return v.Value
		}
	}
	return ""
}

// Nothing that selects pods by their labels may select none, or those of another.
func TestSelectorsFindTheirPods(t *testing.T) {
	for _, folder := range all {
		c := build(t, folder)
		pods := c.pods()
		check := func(what, name string, selector map[string]string) {
			t.Helper()
			for pod, template := range pods {
				matches := len(selector) > 0
				for key, want := range selector {
					matches = matches && template.Labels[key] == want
				}
				if matches != (pod == name) {
					t.Errorf("%s: the %s %s selects %s: %v", folder, what, name, pod, matches)
				}
			}
		}
		for name, d := range c.deployments {
			check("deployment", name, d.Spec.Selector.MatchLabels)
			check("spread of", name, d.Spec.Template.Spec.TopologySpreadConstraints[0].LabelSelector.MatchLabels)
			budget, ok := c.budgets[name]
			if !ok || budget.Spec.MaxUnavailable == nil || budget.Spec.MaxUnavailable.IntVal != 1 {
				t.Fatalf("%s: %s has no budget of disruptions, or another one", folder, name)
			}
			check("budget", name, budget.Spec.Selector.MatchLabels)
		}
		for name, s := range c.services {
			check("service", name, s.Spec.Selector)
			for _, port := range s.Spec.Ports {
				if namedPort(pods[name].Spec.Containers[0], port.TargetPort.StrVal) == 0 {
					t.Errorf("%s: the service %s leads to no port %v", folder, name, port.TargetPort)
				}
			}
		}
		for name, p := range c.policies {
			if len(p.Spec.PodSelector.MatchLabels) > 0 {
				check("network policy", name, p.Spec.PodSelector.MatchLabels)
			}
		}
	}
}

func TestWorkersWithAGPU(t *testing.T) {
	base, overlay := build(t, "base"), build(t, "overlays/gpu")
	if len(base.namespaces) != 1 || len(overlay.namespaces) != 1 || len(overlay.policies) != len(base.policies) {
		t.Error("the overlay leaves something out")
	}
	const gpu = corev1.ResourceName("nvidia.com/gpu")
	cpuPod, gpuPod := base.pods()["worker"].Spec, overlay.pods()["worker"].Spec
	if limit := gpuPod.Containers[0].Resources.Limits[gpu]; limit.Value() != 1 {
		t.Errorf("with a GPU a worker gets %v", limit)
	}
	if _, ok := cpuPod.Containers[0].Resources.Limits[gpu]; ok {
		t.Error("without a GPU a worker asks for one")
	}
	for want, c := range map[string]corev1.Container{"cpu": cpuPod.Containers[0], "cuda": gpuPod.Containers[0]} {
		if got := value(c, "DEEPSKIN_PROVIDER"); got != want {
			t.Errorf("provider %q, want %q", got, want)
		}
	}
	if !slices.ContainsFunc(gpuPod.Tolerations, func(t corev1.Toleration) bool {
		return t.Key == string(gpu) && t.Effect == corev1.TaintEffectNoSchedule
	}) {
		t.Error("a worker is kept away from nodes with GPUs")
	}
	if c := gpuPod.Containers[0]; c.Image != "deepskin-cuda" || value(c, "DEEPSKIN_OPS_ADDR") == "" || c.LivenessProbe == nil {
		t.Errorf("the overlay changed more or less than it should: %v", c)
	}
}
