// Package gcp tests the Terraform configuration in this folder.
package gcp

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// files returns the configuration's files by name.
func files(t *testing.T) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("*.tf")
	if err != nil || len(names) == 0 {
		t.Fatalf("no configuration: %v", err)
	}
	contents := map[string][]byte{}
	for _, name := range names {
		if contents[name], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	return contents
}

// blocks returns all top-level blocks.
func blocks(t *testing.T) []*hclsyntax.Block {
	t.Helper()
	var all []*hclsyntax.Block
	for name, content := range files(t) {
		parsed, problems := hclsyntax.ParseConfig(content, name, hcl.InitialPos)
		if problems.HasErrors() {
			t.Fatal(problems)
		}
		body := parsed.Body.(*hclsyntax.Body)
		for attribute := range body.Attributes {
			t.Errorf("%s: %s stands alone", name, attribute)
		}
		all = append(all, body.Blocks...)
	}
	return all
}

// block returns the block of a type with these labels.
func block(t *testing.T, kind string, labels ...string) *hclsyntax.Block {
	t.Helper()
	for _, b := range blocks(t) {
		if b.Type == kind && slices.Equal(b.Labels, labels) {
			return b
		}
	}
	t.Fatalf("there is no %s %v", kind, labels)
	return nil
}

// inside returns the blocks along a path, in the content of dynamic blocks too.
func inside(b *hclsyntax.Block, path ...string) []*hclsyntax.Block {
	if len(path) == 0 {
		return []*hclsyntax.Block{b}
	}
	var found []*hclsyntax.Block
	for _, child := range b.Body.Blocks {
		if child.Type == path[0] {
			found = append(found, inside(child, path[1:]...)...)
		}
		if child.Type == "dynamic" && child.Labels[0] == path[0] {
			found = append(found, inside(child, append([]string{"content"}, path[1:]...)...)...)
		}
	}
	return found
}

// literal is the text of an attribute that refers to nothing, and empty where there is no such.
func literal(b *hclsyntax.Block, name string) string {
	attribute, ok := b.Body.Attributes[name]
	if !ok || len(attribute.Expr.Variables()) > 0 {
		return ""
	}
	value, problems := attribute.Expr.Value(nil)
	if problems.HasErrors() {
		return ""
	}
	text, err := convert.Convert(value, cty.String)
	if err != nil {
		return ""
	}
	return text.AsString()
}

func TestIsFormatted(t *testing.T) {
	for name, content := range files(t) {
		if formatted := hclwrite.Format(content); !bytes.Equal(formatted, content) {
			t.Errorf("%s is not as terraform fmt would have it:\n%s", name, formatted)
		}
	}
}

// address names what a reference refers to: "var.region", "google_redis_instance.queue". It is empty
// for what is only known where it stands, like each.key.
func address(reference hcl.Traversal) string {
	parts := []string{reference.RootName()}
	for _, step := range reference[1:] {
		attribute, ok := step.(hcl.TraverseAttr)
		if !ok {
			break
		}
		parts = append(parts, attribute.Name)
	}
	length := 2
	switch parts[0] {
	case "each", "count", "self", "path", "terraform":
		return ""
	case "data":
		length = 3
	}
	return strings.Join(parts[:min(length, len(parts))], ".")
}

// references collects what a body refers to. Iterators are the names of the dynamic blocks that it
// stands in.
func references(body *hclsyntax.Body, iterators []string, into map[string]hcl.Range) {
	for _, attribute := range body.Attributes {
		for _, reference := range attribute.Expr.Variables() {
			if slices.Contains(iterators, reference.RootName()) {
				continue
			}
			if a := address(reference); a != "" {
				into[a] = attribute.SrcRange
			}
		}
	}
	for _, child := range body.Blocks {
		within := iterators
		if child.Type == "dynamic" {
			within = append(slices.Clone(iterators), child.Labels[0])
		}
		references(child.Body, within, into)
	}
}

func TestReferencesLeadSomewhereAndNothingIsUnused(t *testing.T) {
	declared, used := map[string]hcl.Range{}, map[string]hcl.Range{}
	for _, b := range blocks(t) {
		switch b.Type {
		case "variable":
			declared["var."+b.Labels[0]] = b.DefRange()
			delete(b.Body.Attributes, "type") // its words are no references
		case "data":
			declared["data."+strings.Join(b.Labels, ".")] = b.DefRange()
		case "resource":
			declared[strings.Join(b.Labels, ".")] = b.DefRange()
		case "locals":
			for name, attribute := range b.Body.Attributes {
				declared["local."+name] = attribute.SrcRange
			}
		case "output", "terraform", "provider":
		default:
			t.Errorf("%s: nobody expects a block %q", b.DefRange(), b.Type)
		}
		of := map[string]hcl.Range{}
		references(b.Body, nil, of)
		if b.Type == "variable" {
			delete(of, "var."+b.Labels[0]) // its own validation is no use of it
		}
		for a, at := range of {
			used[a] = at
		}
	}
	for a, at := range used {
		if _, ok := declared[a]; !ok {
			t.Errorf("%s: there is no %s", at, a)
		}
	}
	for a, at := range declared {
		_, isUsed := used[a]
		if !isUsed && (strings.HasPrefix(a, "var.") || strings.HasPrefix(a, "local.") || strings.HasPrefix(a, "data.")) {
			t.Errorf("%s: nothing uses %s", at, a)
		}
	}
	if len(declared) < 30 || len(used) < 30 {
		t.Errorf("%d declarations and %d references: were they read?", len(declared), len(used))
	}
}

func TestVariablesAndOutputsAreExplained(t *testing.T) {
	docs, err := os.ReadFile("../../docs/google-cloud.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range blocks(t) {
		if b.Type != "variable" && b.Type != "output" {
			continue
		}
		if !strings.HasSuffix(literal(b, "description"), ".") {
			t.Errorf("%s %s is not explained", b.Type, b.Labels[0])
		}
		if b.Type == "output" {
			continue
		}
		if _, ok := b.Body.Attributes["type"]; !ok {
			t.Errorf("variable %s has no type", b.Labels[0])
		}
		if _, optional := b.Body.Attributes["default"]; !optional && !bytes.Contains(docs, []byte(b.Labels[0])) {
			t.Errorf("docs/google-cloud.md does not say to set %s", b.Labels[0])
		}
		if strings.HasSuffix(b.Labels[0], "_token") && literal(b, "sensitive") != "true" {
			t.Errorf("Terraform shows %s", b.Labels[0])
		}
		for _, v := range inside(b, "validation") {
			of := map[string]hcl.Range{}
			references(v.Body, nil, of)
			if _, ok := of["var."+b.Labels[0]]; !ok || !strings.HasSuffix(literal(v, "error_message"), ".") {
				t.Errorf("variable %s: a validation of something else, or without words", b.Labels[0])
			}
		}
	}
}
