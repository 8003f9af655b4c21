package kubernetes

import (
	"fmt"
	"slices"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// reach lists where a pod may connect to, "who port", under all policies that select it.
func reach(t *testing.T, policies map[string]networkingv1.NetworkPolicy, pod labels.Set) []string {
	t.Helper()
	var to []string
	for _, p := range policies {
		selector, err := metav1.LabelSelectorAsSelector(&p.Spec.PodSelector)
		if err != nil {
			t.Fatal(err)
		}
		if !selector.Matches(pod) {
			continue
		}
		for _, rule := range p.Spec.Egress {
			if len(rule.To) == 0 || len(rule.Ports) == 0 {
				t.Errorf("%s lets out to everywhere", p.Name)
			}
			for _, port := range rule.Ports {
				for _, peer := range rule.To {
					who := "names"
					if peer.IPBlock != nil {
						who = "inside"
						if peer.IPBlock.CIDR == "0.0.0.0/0" {
							who = "outside"
							if len(peer.IPBlock.Except) < 3 {
								t.Errorf("%s: outside is also inside", p.Name)
							}
						}
					}
					to = append(to, fmt.Sprintf("%s %v", who, port.Port))
				}
			}
		}
	}
	slices.Sort(to)
	return slices.Compact(to)
}

func TestWhoReachesWhom(t *testing.T) {
	base, migrate := build(t, "base"), build(t, "migrate")
	policies := map[string]networkingv1.NetworkPolicy{}
	for _, c := range []cluster{base, migrate} {
		for name, p := range c.policies {
			policies[name] = p
		}
	}
	everything := policies["nothing-by-default"].Spec
	if len(everything.PodSelector.MatchLabels) > 0 || len(everything.Ingress)+len(everything.Egress) > 0 ||
		!slices.Equal(everything.PolicyTypes, []networkingv1.PolicyType{"Ingress", "Egress"}) {
		t.Errorf("something is allowed by default: %+v", everything)
	}
	for name, want := range map[string][]string{
		"worker": {"inside 6379", "names 53"},
		"bot":    {"inside 5432", "inside 6379", "names 53", "outside 443"},
	} {
		if got := reach(t, policies, base.pods()[name].Labels); !slices.Equal(got, want) {
			t.Errorf("%s reaches %v, want %v", name, got, want)
		}
	}
	if got := reach(t, policies, migrate.pods()["migrate"].Labels); !slices.Equal(got, []string{"inside 5432", "names 53"}) {
		t.Errorf("migrate reaches %v", got)
	}
}
