package main

import (
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
	"time"

	"deepskin/adapters/discord/discordtest"
	"deepskin/adapters/telegram/telegramtest"
	"deepskin/internal/servers"
)

// A fault is a way in which something breaks while a crowd sends photos.
type fault struct {
	name string
	// short says that the short form of the suite has it.
	short bool
	// do breaks something and mends it again.
	do func(h *havoc)
}

// faults are all that there are. What the bots, the workers and the servers do not say of themselves is
// seen from outside.
var faults = []fault{
	{"nothing", false, func(*havoc) {}},
	{"workers killed", true, (*havoc).killWorkers},
	{"bots killed", true, (*havoc).killBots},
	{"Redis killed", true, (*havoc).killRedis},
	{"Redis emptied", false, (*havoc).emptyRedis},
	{"Redis read-only", false, (*havoc).freezeRedis},
	{"Redis full", false, (*havoc).fillRedis},
	{"Redis paused", false, (*havoc).pauseRedis},
	{"Redis slow", false, (*havoc).slowRedis},
	{"PostgreSQL restarted", true, (*havoc).restartPostgres},
	{"PostgreSQL's disk full", false, (*havoc).fillDisk},
	{"bots without Redis", true, func(h *havoc) { h.cutOff(h.d.botsToRedis) }},
	{"workers without Redis", false, func(h *havoc) { h.cutOff(h.d.workersToRedis) }},
	{"bots without PostgreSQL", false, func(h *havoc) { h.cutOff(h.d.botsToDatabase) }},
	{"chats refuse", false, (*havoc).chatsRefuse},
	{"chats break off", true, (*havoc).chatsBreakOff},
	{"rolling update", false, (*havoc).update},
	{"a bot oversleeps", false, (*havoc).oversleep},
}

// havoc breaks what a crowd relies on.
type havoc struct {
	t *testing.T
	d *deployment
	c *crowd
	// random decides what is broken when.
	random *rand.Rand
	// full says that faults last for long, and that all of their kinds come.
	full bool
	// emptied is when Redis stopped that came back empty, and when it was back.
	emptied period
}

// last lets a fault last: shorter in the short form.
func (h *havoc) last(d time.Duration) {
	if !h.full {
		d /= 6
	}
	sleep(h.t.Context(), d)
}

// goOn waits until photos are settled again: what answers none cannot show how a fault ends.
func (h *havoc) goOn() {
	h.t.Helper()
	before := h.c.progress()
	eventually(h.t, "photos are settled after a fault", func() bool { return h.c.gone() || h.c.progress() >= before+5 })
}

// some returns all of a list in a random order, or one of it in the short form.
func some[E any](h *havoc, list []E) []E {
	list = slices.Clone(list)
	h.random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	if !h.full {
		list = list[:1]
	}
	return list
}

// A stage is where a photo is on its way.
type stage struct {
	name string
	// count is a number that grows when some photo gets there, or one that is zero while none is there.
	count func() int
	grows bool
}

// await waits until some photo gets to a stage; not for ever, since a fault may come just before.
func (h *havoc) await(s stage) {
	before := 0
	if s.grows {
		before = s.count()
	}
	for end := time.Now().Add(2 * time.Second); s.count() <= before && time.Now().Before(end); {
		sleep(h.t.Context(), time.Millisecond)
	}
	h.t.Logf("  %s", s.name)
}

// stages are all that can be seen from outside.
func (h *havoc) stages() []stage {
	return []stage{
		{"an update is asked for", func() int { return h.d.fake.Calls("getUpdates") }, true},
		{"a photo is fetched", func() int { return h.d.fake.Calls("download") }, true},
		{"a photo is acknowledged", func() int { return h.d.fake.Calls("sendMessage") }, true},
		{"a job waits", func() int { return h.d.length("jobs") }, false},
		{"a worker holds a job", h.d.held, false},
		{"a result waits", func() int { return h.d.length("results:telegram") + h.d.length("results:web") }, false},
		{"an answer is delivered", func() int { return h.d.fake.Calls("editMessageText") }, true},
	}
}

// killWorkers kills a worker at a time, with a photo in its hands: Redis gives it one while it stands
// still.
func (h *havoc) killWorkers() {
	for range some(h, make([]int, 6)) {
		worker := h.d.workers[h.random.IntN(len(h.d.workers))]
		worker.pause(h.t)
		h.await(stage{"a worker holds a job", h.d.held, false})
		worker.kill()
		worker.start(h.t)
		h.goOn()
	}
}

// killBots kills the bot that holds the conversation in Telegram, or any, at each stage of a photo.
func (h *havoc) killBots() {
	for n, s := range some(h, h.stages()) {
		b := h.d.bots[h.random.IntN(len(h.d.bots))]
		if n%3 != 2 {
			b = awaitLeader(h.t, h.d)
		}
		h.await(s)
		b.kill()
		b.start(h.t)
		h.goOn()
	}
}

// killRedis kills Redis at each stage of a photo. It has its file.
func (h *havoc) killRedis() {
	for _, s := range some(h, h.stages()) {
		h.await(s)
		h.must(h.d.redis.Kill())
		h.must(h.d.redis.Start(h.t.Context()))
		h.goOn()
	}
}

// emptyRedis restarts Redis without its file while people wait.
func (h *havoc) emptyRedis() {
	// Fast workers may have answered everybody just now.
	for _, w := range h.d.workers {
		defer w.pause(h.t)()
	}
	for _, platform := range []string{"page", "telegram", "discord"} {
		eventually(h.t, "people wait: "+platform, func() bool { return h.c.waiting(platform) >= 3 })
	}
	h.emptied.from = time.Now()
	h.d.emptyRedis(h.t)
	h.emptied.to = time.Now()
}

// freezeRedis lets Redis take nothing new: as a master without its replicas, and as the replica of a
// master that is gone.
func (h *havoc) freezeRedis() {
	for _, commands := range some(h, [][2][]string{
		{{"CONFIG", "SET", "min-replicas-to-write", "1"}, {"CONFIG", "SET", "min-replicas-to-write", "0"}},
		{{"REPLICAOF", "127.0.0.1", "1"}, {"REPLICAOF", "NO", "ONE"}},
	}) {
		h.d.ask(h.t, commands[0]...)
		h.last(12 * time.Second)
		h.d.ask(h.t, commands[1]...)
		h.goOn()
	}
}

// fillRedis leaves Redis no memory.
func (h *havoc) fillRedis() {
	h.d.ask(h.t, "CONFIG", "SET", "maxmemory", "1mb")
	h.last(12 * time.Second)
	h.d.ask(h.t, "CONFIG", "SET", "maxmemory", fullMemory)
}

// pauseRedis has Redis stand still.
func (h *havoc) pauseRedis() {
	h.must(syscall.Kill(h.d.redis.PID(), syscall.SIGSTOP))
	h.last(30 * time.Second)
	h.must(syscall.Kill(h.d.redis.PID(), syscall.SIGCONT))
}

// slowRedis has each word to and from Redis take its time.
func (h *havoc) slowRedis() {
	for _, p := range []*servers.Proxy{h.d.botsToRedis, h.d.workersToRedis} {
		p.Set(servers.State{Delay: 50 * time.Millisecond})
		defer p.Set(servers.State{})
	}
	h.last(15 * time.Second)
}

// restartPostgres stops PostgreSQL, and kills it.
func (h *havoc) restartPostgres() {
	for _, end := range some(h, []func() error{h.d.postgres.Stop, h.d.postgres.Kill}) {
		h.must(end())
		h.last(6 * time.Second)
		h.must(h.d.postgres.Start(h.t.Context()))
		h.goOn()
	}
}

// fillDisk leaves no room for more cases.
func (h *havoc) fillDisk() {
	// So that each new case takes more room, instead of that of older ones.
	const roomy, usual = `ALTER TABLE cases SET (fillfactor = 10)`, `ALTER TABLE cases RESET (fillfactor)`
	h.sql(roomy)
	var size int64
	h.must(h.d.database.QueryRow(h.t.Context(), `SELECT pg_relation_size('cases')`).Scan(&size))
	h.must(h.d.postgres.LimitFiles(h.t.Context(), size))
	eventually(h.t, "a case finds no room", func() bool { return h.d.logged(h.t, "could not extend file") })
	h.last(12 * time.Second)
	h.must(h.d.postgres.LimitFiles(h.t.Context(), 0))
	h.sql(usual)
}

// cutOff breaks a connection, and silences it in each direction.
func (h *havoc) cutOff(p *servers.Proxy) {
	for _, s := range some(h, []servers.State{{Cut: true}, {HoldRequests: true, HoldAnswers: true}, {HoldAnswers: true}, {HoldRequests: true}}) {
		h.t.Logf("  %+v", s)
		p.Set(s)
		h.last(7 * time.Second)
		p.Set(servers.State{})
		h.goOn()
	}
}

// chatsRefuse has the chat platforms answer every fourth call with an error, without doing anything.
func (h *havoc) chatsRefuse() {
	h.disturb(
		[]telegramtest.Fault{{Status: 500, Description: "Internal Server Error"}, {Status: 502}, {RetryAfter: 1}, {HangUp: true}},
		[]discordtest.Fault{{Status: 500}, {Status: 502}, {RetryAfter: 1}, {HangUp: true}},
	)
}

// chatsBreakOff has the chat platforms do what every fourth call asks for, and not say so.
func (h *havoc) chatsBreakOff() {
	h.disturb(
		[]telegramtest.Fault{{LoseAnswer: true}, {CutAnswer: true}},
		[]discordtest.Fault{{LoseAnswer: true}, {CutAnswer: true}},
	)
}

func (h *havoc) disturb(telegram []telegramtest.Fault, discord []discordtest.Fault) {
	// The platforms are asked at the same time as each other, each of them for one call after the
	// other.
	one, other := rand.New(rand.NewPCG(h.random.Uint64(), 1)), rand.New(rand.NewPCG(h.random.Uint64(), 2))
	h.d.fake.Disturb(func(string) telegramtest.Fault {
		if one.IntN(4) > 0 {
			return telegramtest.Fault{}
		}
		return telegram[one.IntN(len(telegram))]
	})
	defer h.d.fake.Disturb(nil)
	h.d.discord.Disturb(func(route string) discordtest.Fault {
		if other.IntN(4) > 0 || route == discordtest.Connect {
			return discordtest.Fault{}
		}
		return discord[other.IntN(len(discord))]
	})
	defer h.d.discord.Disturb(nil)
	h.last(20 * time.Second)
}

// update replaces all processes, one after the other, as an operator would.
func (h *havoc) update() {
	for _, i := range h.d.processes() {
		i.stop(h.t)
		i.start(h.t)
		h.goOn()
	}
}

// oversleep has the bot that holds the conversation in Telegram stand still until another has taken
// over, and wake up: for a moment there are two.
func (h *havoc) oversleep() {
	sleeper := awaitLeader(h.t, h.d)
	wake := sleeper.pause(h.t)
	eventually(h.t, "another bot takes over", func() bool {
		return slices.ContainsFunc(h.d.bots, func(b *instance) bool { return b != sleeper && b.holdsLease(h.t) })
	})
	h.goOn()
	wake()
}

func (h *havoc) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *havoc) sql(statement string) {
	h.t.Helper()
	_, err := h.d.database.Exec(h.t.Context(), statement)
	h.must(err)
}
