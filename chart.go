package deepskin

// A Chart is a picture of shares, as bars below each other.
type Chart struct {
	Bars []Bar
	// Mark explains what the mark of a bar says, in a word or two.
	Mark string
}

// A Bar is a line of a Chart.
type Bar struct {
	// Label names the bar, in 40 letters at most.
	Label string
	// Share is the bar's length, 0 to 1, and Value says it in writing: "62%".
	Share float64
	Value string
	// Marked says that the bar has the chart's mark.
	Marked bool
}
