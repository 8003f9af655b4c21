package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Widths in characters: of a line, and of the column with who speaks.
const (
	lineWidth = 80
	nameWidth = 10
)

// A screen shows the conversation.
type screen struct{ w io.Writer }

// note says something about the demonstration itself.
func (s screen) note(format string, args ...any) {
	for _, line := range wrap(fmt.Sprintf(format, args...), lineWidth-2) {
		fmt.Fprintln(s.w, "#", line)
	}
	fmt.Fprintln(s.w)
}

// says shows what somebody says; paragraphs are separated by empty lines.
func (s screen) says(who, text string) {
	for i, paragraph := range strings.Split(text, "\n\n") {
		if i > 0 {
			fmt.Fprintln(s.w)
		}
		for _, line := range wrap(paragraph, lineWidth-nameWidth) {
			fmt.Fprintf(s.w, "%-*s%s\n", nameWidth, who, line)
			who = ""
		}
	}
	fmt.Fprintln(s.w)
}

// wrap breaks a paragraph into lines, within words only where one is longer than a line.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
		for utf8.RuneCountInString(line) > width {
			runes := []rune(line)
			lines = append(lines, string(runes[:width]))
			line = string(runes[width:])
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}
