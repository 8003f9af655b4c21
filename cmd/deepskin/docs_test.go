package main

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/caarlos0/env/v11"
	"github.com/spf13/cobra"
)

// A guide knows what the documents may name.
type guide struct {
	makefile string
	targets  []string
	settings []string
	// files are what may be read about, by name: a Dockerfile, manifests, Terraform's outputs.
	files map[string]string
	// own are variables that a page sets for itself.
	own []string
}

func newGuide(t *testing.T) *guide {
	t.Helper()
	g := &guide{makefile: contentOf(t, "Makefile"), files: map[string]string{}}
	for _, match := range regexp.MustCompile(`(?m)^\.PHONY: (\S+)$`).FindAllStringSubmatch(g.makefile, -1) {
		g.targets = append(g.targets, match[1])
	}
	fields, err := env.GetFieldParams(&settings{})
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range fields {
		g.settings = append(g.settings, field.OwnKey, field.OwnKey+"_FILE")
	}
	for kind, pattern := range map[string]string{
		"Dockerfile": "deploy/Dockerfile", "compose": "docker-compose.yml", "Terraform": "deploy/gcp/*.tf",
		"Kubernetes": "deploy/kubernetes/base/*.yaml", "scripts": "deploy/*.sh",
	} {
		names, err := filepath.Glob(filepath.Join(projectFolder, pattern))
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %v, %v", pattern, names, err)
		}
		for _, name := range names {
			content, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			g.files[kind] += string(content)
		}
	}
	return g
}

// problems says what is wrong with a command, empty if nothing is.
func (g *guide) problems(c command) string {
	if len(c.words) == 0 || c.words[0] == "export" {
		return g.unknownSettings(c.settings)
	}
	if problem := g.unknownSettings(c.settings); problem != "" {
		return problem
	}
	name, args := strings.TrimPrefix(c.words[0], "./"), c.words[1:]
	switch {
	case name == "make":
		return g.make(args)
	case name == "deepskin":
		_, problem := parse(args)
		return problem
	case strings.HasPrefix(name, "deploy/"):
		if info, err := os.Stat(filepath.Join(projectFolder, name)); err != nil || info.Mode()&0o100 == 0 {
			return "there is no such script"
		}
		return ""
	case name == "docker":
		return g.docker(args)
	case name == "terraform":
		return g.terraform(args)
	case name == "kubectl":
		return g.kubectl(args)
	case name == "gcloud":
		return g.gcloud(args)
	case name == "go":
		return goTest(args)
	case slices.Contains([]string{"cat", "echo", "openssl", "source", "git", "cd", "mv", "sqlite3", "pg_dump", "pg_restore"}, name):
		return ""
	}
	return "nobody has said how to check " + name
}

// unknownSettings finds variables that neither the program, nor make, nor the page knows.
func (g *guide) unknownSettings(settings map[string]string) string {
	for name := range settings {
		if !slices.Contains(g.settings, name) && !slices.Contains(g.own, name) && !g.inMakefile(name) {
			return "nothing reads " + name
		}
	}
	return ""
}

func (g *guide) inMakefile(variable string) bool {
	return strings.Contains(g.makefile, "$("+variable+")")
}

func (g *guide) make(args []string) string {
	for _, arg := range args {
		if name, _, sets := strings.Cut(arg, "="); sets {
			if !g.inMakefile(name) && !slices.Contains(g.settings, name) {
				return "make does not know " + name
			}
		} else if !slices.Contains(g.targets, arg) {
			return "there is no target " + arg
		}
	}
	return ""
}

// parse reads arguments as the program does, and returns the command that they are for.
func parse(args []string) (found *cobra.Command, problem string) {
	root := rootCommand(nil)
	root.InitDefaultCompletionCmd()
	found, rest, err := root.Find(args)
	if err == nil {
		found.InitDefaultHelpFlag()
		err = found.ParseFlags(rest)
	}
	if help, _ := found.Flags().GetBool("help"); err == nil && !help {
		err = found.ValidateArgs(found.Flags().Args())
	}
	if err != nil {
		return found, err.Error()
	}
	return found, ""
}

func (g *guide) docker(args []string) string {
	if args[0] == "push" {
		return ""
	}
	for i, arg := range args {
		value := ""
		if i+1 < len(args) {
			value = args[i+1]
		}
		switch {
		case arg == "-f" && value != "deploy/Dockerfile":
			return "there is no " + value
		case arg == "--target" && !strings.Contains(g.files["Dockerfile"], " AS "+value+"\n"):
			return "there is no stage " + value
		case arg == "--scale" && !strings.Contains(g.files["compose"], "\n  "+strings.Split(value, "=")[0]+":\n"):
			return "there is no service " + value
		case arg == "--profile" && !regexp.MustCompile(`profiles: \[.*\b`+value+`\b`).MatchString(g.files["compose"]):
			return "there is no profile " + value
		}
	}
	if args[0] != "build" && args[0] != "compose" || args[0] == "compose" && !slices.ContainsFunc(args, func(word string) bool {
		return slices.Contains([]string{"up", "down", "logs", "exec", "ps", "run", "stop", "restart"}, word)
	}) {
		return "nobody has said how to check this"
	}
	return ""
}

func (g *guide) terraform(args []string) string {
	folder, inside := strings.CutPrefix(args[0], "-chdir=")
	if _, err := os.Stat(filepath.Join(projectFolder, folder)); err != nil || !inside {
		return "there is no such folder"
	}
	if !slices.Contains([]string{"init", "apply", "destroy", "output"}, args[1]) {
		return "terraform has no " + args[1]
	}
	for _, arg := range args[2:] {
		resource, targets := strings.CutPrefix(arg, "-target=")
		if targets && !strings.Contains(g.files["Terraform"], `resource "`+strings.Replace(resource, ".", `" "`, 1)+`"`) {
			return "there is no " + resource
		}
		if args[1] == "output" && !strings.HasPrefix(arg, "-") && !strings.Contains(g.files["Terraform"], `output "`+arg+`"`) {
			return "there is no output " + arg
		}
	}
	return ""
}

func (g *guide) kubectl(args []string) string {
	for i, arg := range args {
		switch kind, name, named := strings.Cut(arg, "/"); {
		case (arg == "-f" || arg == "-k") && args[i+1] != "ours": // which the page has its reader write
			if _, err := os.Stat(filepath.Join(projectFolder, args[i+1])); err != nil {
				return "there is no " + args[i+1]
			}
		case arg == "-n" && !strings.Contains(g.files["Kubernetes"], "name: "+args[i+1]+"\n"):
			return "there is no namespace " + args[i+1]
		case named && (kind == "deployment" || kind == "service"):
			of := `(?m)^kind: ` + strings.ToUpper(kind[:1]) + kind[1:] + `\nmetadata:\n +name: ` + name + `$`
			if !regexp.MustCompile(of).MatchString(g.files["Kubernetes"]) {
				return "there is no " + arg
			}
		}
	}
	return ""
}

// Commands of gcloud that were compared with its own help (version 528, which has no worker pools
// yet: those are from Google's documents): the words before what is chosen freely, and the flags.
var (
	gcloudCommands = []string{
		"ai custom-jobs list", "ai custom-jobs stream-logs", "auth application-default login",
		"auth application-default set-quota-project", "auth configure-docker", "auth login",
		"beta run worker-pools logs read worker", "billing accounts list", "billing projects link", "config set project",
		"projects create", "projects delete", "run services logs read bot", "services enable",
		"storage buckets add-iam-policy-binding", "storage buckets create", "storage buckets update", "storage ls",
		"storage rm", "storage rsync",
	}
	gcloudFlags = []string{
		"all-versions", "billing-account", "delete-unmatched-destination-objects", "location", "member",
		"public-access-prevention", "recursive", "region", "role", "uniform-bucket-level-access", "versioning",
	}
)

func (g *guide) gcloud(args []string) string {
	all := strings.Join(args, " ") + " "
	i := slices.IndexFunc(gcloudCommands, func(known string) bool { return strings.HasPrefix(all, known+" ") })
	if i < 0 {
		return "nobody has compared this with gcloud's help"
	}
	words := strings.Fields(gcloudCommands[i])
	if last := words[len(words)-1]; last == "bot" || last == "worker" {
		if !regexp.MustCompile(`name += "` + last + `"`).MatchString(g.files["Terraform"]) {
			return "Terraform makes no " + last
		}
	}
	for _, arg := range args {
		flag, is := strings.CutPrefix(arg, "--")
		flag, _, _ = strings.Cut(flag, "=")
		if is && !slices.Contains(gcloudFlags, flag) {
			return "nobody has compared --" + flag + " with gcloud's help"
		}
	}
	return ""
}

// goTest checks the packages and benchmarks of a go test.
func goTest(args []string) string {
	if args[0] != "test" {
		return "nobody has said how to check this"
	}
	folder := args[len(args)-1]
	sources, err := filepath.Glob(filepath.Join(projectFolder, folder, "*_test.go"))
	if err != nil || len(sources) == 0 {
		return folder + " has no tests"
	}
	if i := slices.Index(args, "-bench"); i >= 0 && !slices.ContainsFunc(sources, func(name string) bool {
		source, err := os.ReadFile(name)
		return err == nil && strings.Contains(string(source), "func Benchmark"+args[i+1])
	}) {
		return "there is no benchmark " + args[i+1]
	}
	return ""
}

// TestDocumentsNameWhatThereIs reads all commands in the documents, in blocks and within the text,
// and holds what they call, set and name to what is there.
func TestDocumentsNameWhatThereIs(t *testing.T) {
	checked := 0
	for _, p := range pages(t) {
		g := newGuide(t)
		var commands []command
		for _, block := range p.blocks {
			found, err := commandsIn(block)
			if err != nil {
				t.Errorf("%s: no commands for a shell; fence it, with what it is, if it is none: %v\n%s", p.name, err, block)
			}
			commands = append(commands, found...)
		}
		for _, c := range commands {
			if len(c.words) > 0 && c.words[0] == "export" {
				g.own = append(g.own, slices.Collect(maps.Keys(c.settings))...)
			}
		}
		for _, c := range commands {
			checked++
			if problem := g.problems(c); problem != "" {
				t.Errorf("%s: %q: %s", p.name, c, problem)
			}
		}
		for _, span := range p.spans {
			if problem := g.spanProblems(span); problem != "" {
				t.Errorf("%s: `%s`: %s", p.name, span, problem)
			}
		}
		for _, link := range p.links {
			if problem := linkProblem(p.name, link); problem != "" {
				t.Errorf("%s: %s", p.name, problem)
			}
		}
	}
	if checked < 60 {
		t.Errorf("%d commands were checked: were the documents read?", checked)
	}
}

var oursByName = regexp.MustCompile(`^((?:DEEPSKIN|TELEGRAM|DISCORD|REDIS|DATABASE)_[A-Z_]+)(=|$)`)

// spanProblems checks a piece of code within the text: a setting, make, or the program.
func (g *guide) spanProblems(span string) string {
	if setting := oursByName.FindStringSubmatch(span); setting != nil {
		return g.unknownSettings(map[string]string{setting[1]: ""})
	}
	words := strings.Fields(span)
	if len(words) < 2 || words[0] != "make" && strings.TrimPrefix(words[0], "./") != "deepskin" {
		return ""
	}
	commands, err := commandsIn(span)
	if err != nil {
		return err.Error()
	}
	if words[0] == "make" {
		return g.problems(commands[0])
	}
	// In the text a command may go without its arguments.
	found, rest, err := rootCommand(nil).Find(commands[0].words[1:])
	if words[1] == "completion" {
		return ""
	}
	if err == nil && found.HasParent() {
		found.InitDefaultHelpFlag()
		err = found.ParseFlags(rest)
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// linkProblem says where a link within the project leads to nothing.
func linkProblem(from, link string) string {
	path, anchor, _ := strings.Cut(link, "#")
	if strings.Contains(link, "://") {
		return ""
	}
	file := filepath.Join(projectFolder, filepath.Dir(from), path)
	if path == "" {
		file = filepath.Join(projectFolder, from)
	}
	content, err := os.ReadFile(file)
	if info, statErr := os.Stat(file); statErr == nil && info.IsDir() {
		err = nil
	}
	if err != nil {
		return "there is no " + link
	}
	if anchor == "" {
		return ""
	}
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(string(content), -1) {
		name := regexp.MustCompile(`[^\pL\pN -]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		if strings.ReplaceAll(name, " ", "-") == anchor {
			return ""
		}
	}
	return "there is no heading for " + link
}

func TestReadmeLeadsToEveryPage(t *testing.T) {
	all := pages(t)
	i := slices.IndexFunc(all, func(p page) bool { return p.name == "README.md" })
	for _, p := range all {
		if i < 0 || p.name != "README.md" && !slices.Contains(all[i].links, p.name) {
			t.Errorf("README.md does not lead to %s", p.name)
		}
	}
}

// harmless are the commands of the program that a test may run beside a service.
var harmless = map[string]bool{
	"deepskin doctor": true, "deepskin migrate": true, "deepskin queue": true, "deepskin version": true,
	"deepskin model list": true, "deepskin login-link": true, "deepskin review": true, "deepskin completion": true,
}

// TestDocumentedCommandsRun runs those commands of the documents that can run here, beside a fresh
// service. The others are too long, too large or for machines that are not here; that they are
// right is for TestDocumentsNameWhatThereIs.
func TestDocumentedCommandsRun(t *testing.T) {
	settings := environ(t, map[string]string{
		"REDIS_URL": startRedis(t), "DEEPSKIN_MODELS": t.TempDir(), "DEEPSKIN_PUBLIC_URL": "https://deepskin.example",
	})
	start(t, settings)
	ran := map[string]bool{}
	for _, p := range pages(t) {
		for _, block := range p.blocks {
			commands, err := commandsIn(block)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range commands {
				if len(c.words) == 0 || strings.TrimPrefix(c.words[0], "./") != "deepskin" || ran[strings.TrimPrefix(c.String(), "./")] {
					continue
				}
				found, problem := parse(c.words[1:])
				help, _ := found.Flags().GetBool("help")
				listed, _ := found.Flags().GetBool("list")
				asks := found.Name() == "review" && !listed || len(found.Flags().Args()) > 0
				if problem != "" || !help && (!harmless[found.CommandPath()] || asks) {
					continue
				}
				ran[strings.TrimPrefix(c.String(), "./")] = true
				if out, log, err := program(t, settings, c.words[1:]...); err != nil || out == "" {
					t.Errorf("%s: %q ends with %v, and says %q\n%s", p.name, c, err, out, log)
				}
			}
		}
	}
	t.Logf("ran: %s", strings.Join(slices.Sorted(maps.Keys(ran)), ", "))
	if len(ran) < 6 {
		t.Errorf("only %d commands ran", len(ran))
	}
}
