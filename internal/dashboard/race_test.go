//go:build race

package dashboard_test

// aYear is how many cases the generated year has: fewer under the race detector, which slows them down.
const aYear = 8_000
