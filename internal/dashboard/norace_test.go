//go:build !race

package dashboard_test

// aYear is how many cases the generated year has.
const aYear = 100_000
