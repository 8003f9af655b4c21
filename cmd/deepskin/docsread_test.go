package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
	"mvdan.cc/sh/v3/syntax"
)

// A page is one of the project's documents.
type page struct {
	name string
	// blocks are the blocks of commands: indented ones, and those that are fenced as sh.
	blocks []string
	// spans are the pieces of code within the text.
	spans []string
	// links are where links and pictures lead.
	links []string
}

// pages reads README.md and all that is in docs.
func pages(t *testing.T) []page {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(projectFolder, "docs/*.md"))
	if err != nil || len(names) < 10 {
		t.Fatalf("the documents are %v, %v", names, err)
	}
	var all []page
	for _, path := range append(names, filepath.Join(projectFolder, "README.md")) {
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name, err := filepath.Rel(projectFolder, path)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, readPage(t, name, source))
	}
	return all
}

func readPage(t *testing.T, name string, source []byte) page {
	t.Helper()
	p := page{name: name}
	err := ast.Walk(goldmark.DefaultParser().Parse(text.NewReader(source)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.CodeBlock:
			p.blocks = append(p.blocks, string(n.Lines().Value(source)))
		case *ast.FencedCodeBlock:
			switch string(n.Language(source)) {
			case "":
				t.Errorf("%s: a fenced block does not say what it is:\n%s", name, n.Lines().Value(source))
			case "sh":
				p.blocks = append(p.blocks, string(n.Lines().Value(source)))
			}
		case *ast.CodeSpan:
			var span strings.Builder
			for c := n.FirstChild(); c != nil; c = c.NextSibling() {
				if words, ok := c.(*ast.Text); ok {
					span.Write(words.Segment.Value(source))
					if words.SoftLineBreak() {
						span.WriteByte(' ')
					}
				}
			}
			p.spans = append(p.spans, strings.Join(strings.Fields(span.String()), " "))
		case *ast.Link:
			p.links = append(p.links, string(n.Destination))
		case *ast.Image:
			p.links = append(p.links, string(n.Destination))
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A command is a call of a program in a document: what is set for it, its name and arguments. What
// the shell would put in for a variable stands as it is written.
type command struct {
	settings map[string]string
	words    []string
}

func (c command) String() string { return strings.Join(c.words, " ") }

// commandsIn parses a block as a shell would, and returns all calls in it, those of export included.
func commandsIn(script string) ([]command, error) {
	file, err := syntax.NewParser().Parse(strings.NewReader(script), "")
	if err != nil {
		return nil, err
	}
	var commands []command
	syntax.Walk(file, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CallExpr:
			c := command{settings: settingsOf(n.Assigns)}
			for _, word := range n.Args {
				c.words = append(c.words, spell(word))
			}
			commands = append(commands, c)
		case *syntax.DeclClause:
			commands = append(commands, command{settings: settingsOf(n.Args), words: []string{n.Variant.Value}})
		}
		return true
	})
	return commands, nil
}

func settingsOf(assigns []*syntax.Assign) map[string]string {
	settings := map[string]string{}
	for _, a := range assigns {
		if a.Name == nil {
			continue
		}
		settings[a.Name.Value] = ""
		if a.Value != nil {
			settings[a.Name.Value] = spell(a.Value)
		}
	}
	return settings
}

// spell returns a word without its quotes.
func spell(word *syntax.Word) string {
	var written strings.Builder
	for _, part := range word.Parts {
		switch part := part.(type) {
		case *syntax.Lit:
			written.WriteString(part.Value)
		case *syntax.SglQuoted:
			written.WriteString(part.Value)
		case *syntax.DblQuoted:
			written.WriteString(spell(&syntax.Word{Parts: part.Parts}))
		case *syntax.ParamExp:
			written.WriteString("$" + part.Param.Value)
		default:
			written.WriteString("…")
		}
	}
	return written.String()
}
