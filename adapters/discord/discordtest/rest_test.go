package discordtest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"deepskin/adapters/discord/discordtest"
)

func TestDoor(t *testing.T) {
	s := discordtest.New(t)
	tests := []struct {
		name, path   string
		edit         func(*http.Request)
		status, code int
	}{
		{"well", "/users/@me", func(*http.Request) {}, 200, 0},
		{"no token", "/users/@me", func(r *http.Request) { r.Header.Del("Authorization") }, 401, 0},
		{"token without its kind", "/users/@me", func(r *http.Request) { r.Header.Set("Authorization", s.Token()) }, 401, 0},
		{"no user agent", "/users/@me", func(r *http.Request) { r.Header.Set("User-Agent", "") }, 403, 40333},
		{"old version", "/users/@me", func(r *http.Request) { r.URL.Path = "/api/v6/users/@me" }, 400, 50041},
		{"unknown route", "/users/@me/fax", func(*http.Request) {}, 404, 0},
		{"unknown method", "/gateway", func(r *http.Request) { r.Method = http.MethodDelete }, 404, 0},
		{"open route", "/gateway", func(r *http.Request) { r.Header.Del("Authorization") }, 200, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := send(t, s, "GET", test.path, "", nil, test.edit)
			if got.status != test.status || got.Code != test.code || got.status >= 400 && got.Message == "" {
				t.Errorf("got %d %s", got.status, got.body)
			}
		})
	}
	if n := s.Calls("GET /users/{user}"); n != 5 {
		t.Errorf("%d calls were counted, want 5", n)
	}
}

func TestClientKeepsToDiscord(t *testing.T) {
	s := discordtest.New(t)
	for _, url := range []string{"https://example.org/", "http://discord.com/api/v10/gateway", s.URL()} {
		if resp, err := s.Client().Get(url); err == nil {
			_ = resp.Body.Close()
			t.Errorf("a request to %s was made", url)
		}
	}
}

// problem returns the code of the problem at a path in an answer's errors.
func problem(r reply, path string) string {
	node := r.Errors
	for name := range strings.SplitSeq(path, ".") {
		node, _ = node[name].(map[string]any)
	}
	list, _ := node["_errors"].([]any)
	if len(list) == 0 {
		return ""
	}
	first, _ := list[0].(map[string]any)
	code, _ := first["code"].(string)
	return code
}

func TestMessageLimits(t *testing.T) {
	s := discordtest.New(t)
	unlimited(s)
	room := s.AddGuild("clinic").AddChannel("photos")
	x := func(n int) string { return strings.Repeat("é", n) }
	button := func(fields string) string {
		return `{"content":"x","components":[{"type":1,"components":[{"type":2,` + fields + `}]}]}`
	}
	rows := func(n, each int) string {
		var rows []string
		for i := range n {
			var buttons []string
			for j := range each {
				buttons = append(buttons, fmt.Sprintf(`{"type":2,"style":1,"label":"x","custom_id":"%d-%d"}`, i, j))
			}
			rows = append(rows, `{"type":1,"components":[`+strings.Join(buttons, ",")+`]}`)
		}
		return `{"content":"x","components":[` + strings.Join(rows, ",") + `]}`
	}
	embed := func(fields string) string { return `{"embeds":[{` + fields + `}]}` }
	tests := []struct {
		name, body, path, code string
	}{
		{"2,000 characters", `{"content":"` + x(2000) + `"}`, "", ""},
		{"2,001 characters", `{"content":"` + x(2001) + `"}`, "content", "BASE_TYPE_BAD_LENGTH"},
		{"full embed", embed(`"title":"` + x(256) + `","description":"` + x(4096) + `"`), "", ""},
		{"long title", embed(`"title":"` + x(257) + `"`), "embeds.0.title", "BASE_TYPE_BAD_LENGTH"},
		{"long description", embed(`"description":"` + x(4097) + `"`), "embeds.0.description", "BASE_TYPE_BAD_LENGTH"},
		{"long footer", embed(`"title":"x","footer":{"text":"` + x(2049) + `"}`), "embeds.0.footer.text", "BASE_TYPE_BAD_LENGTH"},
		{"26 fields", embed(`"fields":[` + strings.Repeat(`{"name":"x","value":"x"},`, 25) + `{"name":"x","value":"x"}]`), "embeds.0.fields", "BASE_TYPE_BAD_LENGTH"},
		{"field without value", embed(`"fields":[{"name":"x","value":""}]`), "embeds.0.fields.0.value", "BASE_TYPE_REQUIRED"},
		{
			"6,001 characters in two embeds",
			`{"embeds":[{"description":"` + x(3000) + `"},{"description":"` + x(3001) + `"}]}`, "embeds", "MAX_EMBED_SIZE_EXCEEDED",
		},
		{"empty embed", embed(`"color":1`), "embeds.0.description", "BASE_TYPE_REQUIRED"},
		{"picture from a disk", embed(`"title":"x","image":{"url":"file:///x"}`), "embeds.0.image.url", "URL_TYPE_INVALID_SCHEME"},
		{"25 buttons", rows(5, 5), "", ""},
		{"6 rows", rows(6, 1), "components", "BASE_TYPE_BAD_LENGTH"},
		{"6 buttons in a row", rows(1, 6), "components.0.components", "BASE_TYPE_BAD_LENGTH"},
		{"same ID twice", `{"content":"x","components":[{"type":1,"components":[{"type":2,"style":1,"label":"x","custom_id":"a"},` +
			`{"type":2,"style":1,"label":"y","custom_id":"a"}]}]}`, "components.0.components.1.custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED"},
		{"ID of 101", button(`"style":1,"label":"x","custom_id":"` + x(101) + `"`), "components.0.components.0.custom_id", "BASE_TYPE_BAD_LENGTH"},
		{"no ID", button(`"style":1,"label":"x"`), "components.0.components.0.custom_id", "BASE_TYPE_REQUIRED"},
		{"label of 81", button(`"style":1,"label":"` + x(81) + `","custom_id":"a"`), "components.0.components.0.label", "BASE_TYPE_BAD_LENGTH"},
		{"no label", button(`"style":1,"custom_id":"a"`), "components.0.components.0", "BUTTON_COMPONENT_INVALID"},
		{"emoji only", button(`"style":1,"custom_id":"a","emoji":{"name":"👍"}`), "", ""},
		{"link", button(`"style":5,"label":"x","url":"https://example.org"`), "", ""},
		{"link with an ID", button(`"style":5,"label":"x","url":"https://example.org","custom_id":"a"`), "components.0.components.0", "BUTTON_COMPONENT_INVALID"},
		{"button in no row", `{"content":"x","components":[{"type":2,"style":1,"label":"x","custom_id":"a"}]}`, "components.0.type", "UNION_TYPE_CHOICES"},
		{"unknown mention", `{"content":"x","allowed_mentions":{"parse":["user"]}}`, "allowed_mentions.parse.0", "BASE_TYPE_CHOICES"},
		{"answer to nothing", `{"content":"x","message_reference":{"message_id":"1"}}`, "message_reference", "REPLIES_UNKNOWN_MESSAGE"},
		{"answer to nothing that may fail", `{"content":"x","message_reference":{"message_id":"1","fail_if_not_exists":false}}`, "", ""},
		{"unknown attachment", `{"content":"x","attachments":[{"id":7}]}`, "attachments.0.id", "ATTACHMENT_NOT_FOUND"},
		{"poll", `{"content":"x","poll":{}}`, "flags", "NOT_KNOWN"},
		{"what discordgo writes", `{"content":"x","embeds":null,"components":null,"sticker_ids":null,"tts":false}`, "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := call(t, s, "POST", "/channels/"+room.ID+"/messages", test.body)
			switch {
			case test.path == "" && got.status != http.StatusOK:
				t.Errorf("refused: %d %s", got.status, got.body)
			case test.path != "" && (got.status != 400 || got.Code != 50035 || problem(got, test.path) != test.code):
				t.Errorf("got %d %s, want %s at %s", got.status, got.body, test.code, test.path)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	s := discordtest.New(t)
	unlimited(s)
	guild := s.AddGuild("clinic")
	room, hidden, silent, gone := guild.AddChannel("photos"), guild.AddChannel("staff"), guild.AddChannel("news"), guild.AddChannel("old")
	hidden.Forbid(discordtest.PermissionViewChannel)
	silent.Forbid(discordtest.PermissionSend)
	gone.Remove()
	ann, bob, far := s.AddPerson("ann"), s.AddPerson("bob"), s.AddPerson("far")
	guild.Join(ann)
	guild.Join(bob)
	guild.Join(far)
	bob.CloseDM()
	far.Leave(guild)
	theirs := ann.Send(room, "hello")
	left := s.AddGuild("left")
	leftRoom := left.AddChannel("photos")
	left.RemoveBot()
	messages := func(c *discordtest.Channel) string { return "/channels/" + c.ID + "/messages" }
	tests := []struct {
		name, method, path, body string
		status, code             int
	}{
		{"unknown channel", "POST", "/channels/1/messages", `{"content":"x"}`, 404, 10003},
		{"deleted channel", "POST", messages(gone), `{"content":"x"}`, 404, 10003},
		{"hidden channel", "POST", messages(hidden), `{"content":"x"}`, 403, 50001},
		{"silent channel", "POST", messages(silent), `{"content":"x"}`, 403, 50013},
		{"guild that the bot left", "POST", messages(leftRoom), `{"content":"x"}`, 403, 50001},
		{"guild itself", "GET", "/guilds/" + left.ID, "", 404, 10004},
		{"empty message", "POST", messages(room), `{"content":""}`, 400, 50006},
		{"no JSON", "POST", messages(room), `{"content`, 400, 50109},
		{"wrong type", "POST", messages(room), `{"content":7}`, 400, 50109},
		{"closed direct messages", "POST", messages(bob.DM()), `{"content":"x"}`, 403, 50007},
		{"no shared guild", "POST", messages(far.DM()), `{"content":"x"}`, 403, 50007},
		{"unknown message", "PATCH", messages(room) + "/1", `{"content":"x"}`, 404, 10008},
		{"somebody else's message", "PATCH", messages(room) + "/" + theirs.ID, `{"content":"x"}`, 403, 50005},
		{"deleting it", "DELETE", messages(room) + "/" + theirs.ID, "", 403, 50013},
		{"unknown person", "GET", "/users/1", "", 404, 10013},
		{"no member", "GET", "/guilds/" + guild.ID + "/members/" + far.ID, "", 404, 10007},
		{"direct messages to nobody", "POST", "/users/@me/channels", `{"recipient_id":"1"}`, 400, 50033},
		{"another application", "PUT", "/applications/1/commands", `[]`, 403, 20012},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := call(t, s, test.method, test.path, test.body); got.status != test.status || got.Code != test.code {
				t.Errorf("got %d %s, want %d with %d", got.status, got.body, test.status, test.code)
			}
		})
	}
	if got := upload(t, s, "POST", messages(room), `{}`, map[string][]byte{"a.png": make([]byte, 10<<20+1)}); got.status != 413 || got.Code != 40005 {
		t.Errorf("a file over 10 MiB: %d %s", got.status, got.body)
	}
	if n := len(s.FromBot(room)) + len(s.FromBot(silent)) + len(s.FromBot(bob.DM())); n != 0 {
		t.Errorf("%d messages were sent", n)
	}
}

func TestCommandsAreChecked(t *testing.T) {
	s := discordtest.New(t)
	command := func(fields string) string { return `[{"name":"x","description":"x",` + fields + `}]` }
	tests := []struct{ name, body, path string }{
		{"upper case", `[{"name":"Check","description":"x"}]`, "0.name"},
		{"space", `[{"name":"check it","description":"x"}]`, "0.name"},
		{"33 characters", `[{"name":"` + strings.Repeat("x", 33) + `","description":"x"}]`, "0.name"},
		{"no description", `[{"name":"x","description":""}]`, "0.description"},
		{"101 characters", `[{"name":"x","description":"` + strings.Repeat("x", 101) + `"}]`, "0.description"},
		{"unknown language", command(`"description_localizations":{"es":"x"}`), "0.description_localizations.es"},
		{"wrong name in a language", command(`"name_localizations":{"de":"Foto"}`), "0.name_localizations.de"},
		{"required after optional", command(`"options":[{"type":5,"name":"a","description":"x"},{"type":11,"name":"b","description":"x","required":true}]`), "0.options.1"},
		{"unknown type", command(`"options":[{"type":12,"name":"a","description":"x"}]`), "0.options.0.type"},
		{"permissions in words", command(`"default_member_permissions":"admin"`), "0.default_member_permissions"},
		{"unknown context", command(`"contexts":[0,3]`), "0.contexts"},
		{"twice", `[{"name":"x","description":"x"},{"name":"x","description":"y"}]`, "1.name"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := call(t, s, "PUT", "/applications/"+s.BotID()+"/commands", test.body)
			if got.status != 400 || got.Code != 50035 || problem(got, test.path) == "" {
				t.Errorf("got %d %s", got.status, got.body)
			}
		})
	}
	register(t, s, check)
	var list []map[string]any
	call(t, s, "GET", "/applications/"+s.BotID()+"/commands", "").into(t, &list)
	if len(list) != 1 || list[0]["name"] != "check" || list[0]["application_id"] != s.BotID() {
		t.Errorf("the commands are %v", list)
	}
	if got := s.Commands(nil); len(got) != 1 || fmt.Sprint(got[0].Options) != "[photo share]" {
		t.Errorf("people see %v", got)
	}
}

// TestGuild reads what an adapter asks of a guild.
func TestGuild(t *testing.T) {
	s := discordtest.New(t)
	guild := s.AddGuild("clinic")
	reviewer := guild.AddRole("reviewer", 0)
	room := guild.AddChannel("review")
	ann := s.AddPerson("ann")
	guild.Join(ann, reviewer)
	var member struct {
		Roles []string
		User  struct{ ID string }
	}
	call(t, s, "GET", "/guilds/"+guild.ID+"/members/"+ann.ID, "").into(t, &member)
	if member.User.ID != ann.ID || len(member.Roles) != 1 || member.Roles[0] != reviewer.ID {
		t.Errorf("the member is %+v", member)
	}
	var channel struct {
		Type    int
		Name    string
		GuildID string `json:"guild_id"`
	}
	call(t, s, "GET", "/channels/"+room.ID, "").into(t, &channel)
	if channel.Type != 0 || channel.Name != "review" || channel.GuildID != guild.ID {
		t.Errorf("the channel is %+v", channel)
	}
	for path, want := range map[string]string{"/roles": reviewer.ID, "/channels": room.ID} {
		if got := call(t, s, "GET", "/guilds/"+guild.ID+path, ""); !strings.Contains(string(got.body), want) {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
	if got := call(t, s, "POST", "/users/@me/channels", fmt.Sprintf(`{"recipient_id":%q}`, ann.ID)); got.ID != ann.DM().ID {
		t.Errorf("direct messages: %d %s", got.status, got.body)
	}
}

// TestMessageLife posts an embed with its picture, changes both, and deletes all.
func TestMessageLife(t *testing.T) {
	s := discordtest.New(t)
	unlimited(s)
	room := s.AddGuild("clinic").AddChannel("review")
	path := "/channels/" + room.ID + "/messages"
	heat, more := photo(t, 30, 20), photo(t, 8, 8)
	posted := upload(t, s, "POST", path,
		`{"embeds":[{"title":"Case","image":{"url":"attachment://heat.png"}}],"attachments":[{"id":0,"filename":"heat.png"}]}`,
		map[string][]byte{"a.png": heat})
	if posted.status != http.StatusOK {
		t.Fatalf("post: %d %s", posted.status, posted.body)
	}
	var message struct {
		Attachments []any
		Embeds      []struct {
			Image struct {
				URL   string
				Width int
			}
		}
	}
	posted.into(t, &message)
	if len(message.Attachments) != 0 || len(message.Embeds) != 1 || message.Embeds[0].Image.Width != 30 {
		t.Fatalf("the message is %s", posted.body)
	}
	first := message.Embeds[0].Image.URL
	if status, data := get(t, s, first); status != 200 || string(data) != string(heat) {
		t.Errorf("the picture: %d, %d bytes", status, len(data))
	}
	if got := s.Message(posted.ID); len(got.Embeds) != 1 || string(got.Embeds[0].Image) != string(heat) {
		t.Errorf("people see %+v", got)
	}

	one := path + "/" + posted.ID
	if got := call(t, s, "PATCH", one, `{"content":"above"}`); got.status != http.StatusOK {
		t.Fatalf("edit: %d %s", got.status, got.body)
	}
	if got := s.Message(posted.ID); got.Text() != "above\nCase" || string(got.Embeds[0].Image) != string(heat) {
		t.Errorf("an edit of the text left %+v", got)
	}
	// Who writes the picture's URL shows it a second time, by itself.
	if got := call(t, s, "PATCH", one, fmt.Sprintf(`{"embeds":[{"title":"Case","image":{"url":%q}}]}`, first)); got.status != http.StatusOK {
		t.Fatalf("edit: %d %s", got.status, got.body)
	}
	if got := s.Message(posted.ID); len(got.Attachments) != 1 || string(got.Embeds[0].Image) != string(heat) {
		t.Errorf("a picture by its URL left %+v", got)
	}
	changed := upload(t, s, "PATCH", one, `{"attachments":[{"id":"0"}]}`, map[string][]byte{"more.png": more})
	if changed.status != http.StatusOK {
		t.Fatalf("exchange the file: %d %s", changed.status, changed.body)
	}
	got := s.Message(posted.ID)
	if len(got.Attachments) != 1 || got.Attachments[0].Name != "more.png" || got.Embeds[0].Image != nil || got.Edits != 3 || len(got.Shown) != 4 {
		t.Errorf("after the exchange: %+v", got)
	}
	if status, _ := get(t, s, first); status != http.StatusNotFound {
		t.Errorf("the file that was not listed: %d", status)
	}

	if got := upload(t, s, "PATCH", one, `{"attachments":[]}`, map[string][]byte{"x.png": more}); got.status != 400 {
		t.Errorf("version 10 takes a file that is not listed: %d", got.status)
	}
	old := func(r *http.Request) { r.URL.Path = strings.Replace(r.URL.Path, "v10", "v9", 1) }
	if got := upload(t, s, "PATCH", one, `{"attachments":[]}`, map[string][]byte{"x.png": more}, old); got.status != 200 {
		t.Errorf("version 9 does not take a file that is not listed: %d %s", got.status, got.body)
	}
	if got := s.Message(posted.ID); len(got.Attachments) != 1 || got.Attachments[0].Name != "x.png" {
		t.Errorf("after the second exchange: %+v", got.Attachments)
	}

	url := s.Message(posted.ID).Attachments[0].URL
	if got := call(t, s, "DELETE", one, ""); got.status != http.StatusNoContent {
		t.Errorf("delete: %d %s", got.status, got.body)
	}
	if status, _ := get(t, s, url); status != http.StatusNotFound || len(s.Messages(room)) != 0 || !s.Message(posted.ID).Deleted {
		t.Errorf("after the deletion: %d, %+v", status, s.Messages(room))
	}
	if got := call(t, s, "GET", one, ""); got.Code != 10008 {
		t.Errorf("read what is deleted: %d %s", got.status, got.body)
	}
}

// TestRepliesAndPings tells who is notified.
func TestRepliesAndPings(t *testing.T) {
	s := discordtest.New(t)
	unlimited(s)
	guild := s.AddGuild("clinic")
	room := guild.AddChannel("photos")
	ann, bob := s.AddPerson("ann"), s.AddPerson("bob")
	guild.Join(ann)
	asked := ann.Send(room, "look")
	tests := []struct {
		name, mentions string
		want           string
	}{
		{"by default", ``, ann.ID + " " + bob.ID},
		{"nobody", `,"allowed_mentions":{"parse":[]}`, ""},
		{"the asker", `,"allowed_mentions":{"parse":[],"replied_user":true}`, ann.ID},
		{"one", `,"allowed_mentions":{"users":["` + bob.ID + `"]}`, bob.ID},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := call(t, s, "POST", "/channels/"+room.ID+"/messages",
				`{"content":"<@`+bob.ID+`>","message_reference":{"message_id":"`+asked.ID+`"}`+test.mentions+`}`)
			m := s.Message(got.ID)
			if m.ReplyTo != asked.ID || strings.Join(m.Pings, " ") != test.want {
				t.Errorf("%+v pings %v, want %q", m.ReplyTo, m.Pings, test.want)
			}
		})
	}
	threads := s.Threads(room)
	if len(threads) != 1 || len(threads[asked.ID]) != len(tests) {
		t.Errorf("the threads are %v", threads)
	}
	var list []struct{ ID string }
	call(t, s, "GET", "/channels/"+room.ID+"/messages?limit=2", "").into(t, &list)
	var older []json.RawMessage
	call(t, s, "GET", "/channels/"+room.ID+"/messages?before="+list[1].ID, "").into(t, &older)
	if len(list) != 2 || list[0].ID != s.Messages(room)[4].ID || len(older) != 3 {
		t.Errorf("lists of %d and %d messages", len(list), len(older))
	}
	// After a message come those next to it, the newest first as everywhere.
	call(t, s, "GET", "/channels/"+room.ID+"/messages?limit=2&after="+asked.ID, "").into(t, &list)
	if len(list) != 2 || list[0].ID != s.Messages(room)[2].ID || list[1].ID != s.Messages(room)[1].ID {
		t.Errorf("after the first message come %v", list)
	}
}
