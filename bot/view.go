package bot

import "deepskin"

// A View is a case as its owner sees it.
type View struct {
	Case deepskin.Case
	// Reply holds the words for the case's present state.
	Reply Reply
}
