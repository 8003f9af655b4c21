package kubernetes

import (
	"slices"
	"testing"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// KEDA's types as its documentation has them, as far as they are used here: its own module brings
// along the clients of all that it can scale on.

type scaledObject struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		ScaleTargetRef  nameOnly `json:"scaleTargetRef"`
		MinReplicaCount int      `json:"minReplicaCount"`
		MaxReplicaCount int      `json:"maxReplicaCount"`
		Advanced        struct {
			ScalingModifiers struct {
				Formula    string                         `json:"formula"`
				Target     string                         `json:"target"`
				MetricType autoscalingv2.MetricTargetType `json:"metricType"`
			} `json:"scalingModifiers"`
		} `json:"advanced"`
		Triggers []struct {
			Type              string               `json:"type"`
			Name              string               `json:"name"`
			Metadata          redisStreamsMetadata `json:"metadata"`
			AuthenticationRef nameOnly             `json:"authenticationRef"`
		} `json:"triggers"`
	} `json:"spec"`
}

type nameOnly struct {
	Name string `json:"name"`
}

// redisStreamsMetadata are texts, all of them.
type redisStreamsMetadata struct {
	Stream              string `json:"stream"`
	ConsumerGroup       string `json:"consumerGroup"`
	LagCount            string `json:"lagCount"`
	PendingEntriesCount string `json:"pendingEntriesCount"`
	EnableTLS           string `json:"enableTLS"`
}

type triggerAuthentication struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		SecretTargetRef []struct {
			Parameter string `json:"parameter"`
			Name      string `json:"name"`
			Key       string `json:"key"`
		} `json:"secretTargetRef"`
	} `json:"spec"`
}

// That the stream and its group are those of the program is tested in package queue, with a Redis.
func TestWorkersAreAsManyAsThePhotosNeed(t *testing.T) {
	for folder, most := range map[string]int{"base": 8, "overlays/gpu": 4} {
		c := build(t, folder)
		s, ok := c.scaledObjects["worker"]
		if !ok {
			t.Fatalf("%s: nothing scales the workers", folder)
		}
		d, ok := c.deployments[s.Spec.ScaleTargetRef.Name]
		if !ok || d.Name != "worker" {
			t.Errorf("%s: %q is scaled", folder, s.Spec.ScaleTargetRef.Name)
		}
		if d.Spec.Replicas != nil {
			t.Errorf("%s: each time it is applied, the deployment takes the number of workers back to %d", folder, *d.Spec.Replicas)
		}
		if s.Spec.MinReplicaCount != 2 || s.Spec.MaxReplicaCount != most {
			t.Errorf("%s: %d to %d workers", folder, s.Spec.MinReplicaCount, s.Spec.MaxReplicaCount)
		}
		m := s.Spec.Advanced.ScalingModifiers
		if m.Formula != "waiting + held" || m.MetricType != autoscalingv2.AverageValueMetricType || m.Target == "" {
			t.Errorf("%s: scaled by %+v", folder, m)
		}
		var names []string
		for _, trigger := range s.Spec.Triggers {
			names = append(names, trigger.Name)
			counts := trigger.Metadata.LagCount
			if trigger.Name == "held" {
				counts = trigger.Metadata.PendingEntriesCount
			}
			if trigger.Type != "redis-streams" || counts == "" {
				t.Errorf("%s: %s does not count that: %+v", folder, trigger.Name, trigger)
			}
			a, ok := c.authentications[trigger.AuthenticationRef.Name]
			if !ok || len(a.Spec.SecretTargetRef) != 2 {
				t.Fatalf("%s: %s does not know where Redis is", folder, trigger.Name)
			}
			for _, ref := range a.Spec.SecretTargetRef {
				if ref.Name != "redis" || ref.Key != ref.Parameter {
					t.Errorf("%s: %s takes Redis' %s from %s/%s", folder, trigger.Name, ref.Parameter, ref.Name, ref.Key)
				}
			}
		}
		if !slices.Equal(names, []string{"waiting", "held"}) {
			t.Errorf("%s: triggers %v", folder, names)
		}
	}
}
