// Package watch keeps an eye on what the service sees and says: counts by day, which name nobody, and
// from them drift, rates and percentiles. It only computes; package store keeps the counts, and package
// dashboard shows them.
package watch
