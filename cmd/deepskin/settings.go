package main

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/prometheus/client_golang/prometheus"

	"deepskin/adapters/discord"
	"deepskin/bot"
	"deepskin/bot/words"
	"deepskin/classifier"
	"deepskin/store"
)

// settings are all that can be set from outside, read once. A name that ends in _FILE names a
// file with the value, for secrets.
type settings struct {
	Addr     string     `env:"DEEPSKIN_ADDR" envDefault:":8080" help:"address of the web page and the API"`
	Public   string     `env:"DEEPSKIN_PUBLIC_URL" help:"https://... where browsers reach the page, for links to the team's pages; none in chats if empty"`
	Ops      string     `env:"DEEPSKIN_OPS_ADDR" help:"address of /healthz, /readyz and /metrics, for operators only; none if empty"`
	Data     string     `env:"DEEPSKIN_DATA" envDefault:"deepskin-data" help:"folder for the embedded database and its keys"`
	LogLevel slog.Level `env:"DEEPSKIN_LOG_LEVEL" envDefault:"info" help:"debug, info, warn or error"`
	Pprof    string     `env:"DEEPSKIN_PPROF_ADDR" help:"address of Go's profiles, /debug/pprof; better localhost:6060, say, since they tell much; none if empty"`
	Traces   string     `env:"OTEL_EXPORTER_OTLP_ENDPOINT" help:"http(s)://... of an OpenTelemetry collector that takes traces (OTLP over HTTP); none are made if empty"`

	Model     string              `env:"DEEPSKIN_MODEL" help:"the model's ONNX file; found beside the program if empty"`
	Models    string              `env:"DEEPSKIN_MODELS" help:"folder of the model registry; what is promoted there is served instead of DEEPSKIN_MODEL, without a restart"`
	Library   string              `env:"DEEPSKIN_ONNXRUNTIME" help:"ONNX Runtime's shared library; deploy/lib's if empty"`
	Provider  classifier.Provider `env:"DEEPSKIN_PROVIDER" envDefault:"auto" help:"who computes the model: cpu, cuda or auto"`
	Workers   int                 `env:"DEEPSKIN_WORKERS" envDefault:"0" help:"photos assessed at the same time; 0 means one per core"`
	Threads   int                 `env:"DEEPSKIN_MODEL_THREADS" envDefault:"0" help:"threads of one run of the model; 0 means one, and as many runs at a time as there are photos"`
	Batch     int                 `env:"DEEPSKIN_BATCH" envDefault:"0" help:"photos in one run of the model at most; 0 means 16 on a GPU and 1 on the CPU. DEEPSKIN_WORKERS must be as many or more"`
	BatchWait time.Duration       `env:"DEEPSKIN_BATCH_WAIT" envDefault:"2ms" help:"how long a photo waits at most for others to be in one run with"`

	Redis    string `env:"REDIS_URL" help:"redis://..., redis+sentinel://... or redis+cluster://...; an embedded one that forgets on exit if empty"`
	Database string `env:"DATABASE_URL" help:"postgres://... or sqlite:PATH; a file in DEEPSKIN_DATA if empty"`

	TelegramToken string `env:"TELEGRAM_TOKEN" help:"token from @BotFather; Telegram is off if empty"`
	TelegramAPI   string `env:"TELEGRAM_API" help:"pattern of a Bot API server's URLs, ending in /bot%s/%s; Telegram's own if empty"`

	DiscordToken          string   `env:"DISCORD_TOKEN" help:"the bot's token from Discord's developer portal; Discord is off if empty"`
	DiscordChannels       []string `env:"DISCORD_CHANNELS" help:"IDs, with commas between, of channels of a team where photos are taken as they are posted and answered for all to see"`
	DiscordTeam           string   `env:"DISCORD_TEAM_CHANNEL" help:"ID of the channel where the team reviews answers; none if empty"`
	DiscordReviewer       string   `env:"DISCORD_REVIEWER_ROLE" help:"ID of the role whose holders may review there; nobody if empty"`
	DiscordAPI            string   `env:"DISCORD_API" help:"URL of a proxy for Discord's API and files; Discord itself if empty"`
	TelegramWebhookURL    string   `env:"TELEGRAM_WEBHOOK_URL" help:"https://... where Telegram brings messages to; they are fetched if empty"`
	TelegramWebhookSecret string   `env:"TELEGRAM_WEBHOOK_SECRET" help:"what Telegram shows there: 1 to 256 letters, digits, - and _"`
	TelegramWebhookAddr   string   `env:"TELEGRAM_WEBHOOK_ADDR" envDefault:":8081" help:"address to listen on for them, by HTTP, behind what ends TLS"`

	Keys        string `env:"DEEPSKIN_KEYS" help:"both keys in the form of keys.json, instead of the two below; needed once keys were rotated"`
	IdentityKey string `env:"DEEPSKIN_IDENTITY_KEY" help:"32 bytes in base64 that hide who sent what; made and kept in DEEPSKIN_DATA if empty"`
	AddressKey  string `env:"DEEPSKIN_ADDRESS_KEY" help:"32 bytes in base64 that seal addresses; made and kept in DEEPSKIN_DATA if empty"`

	Deadline        time.Duration `env:"DEEPSKIN_DEADLINE" envDefault:"2m" help:"until when everyone has been told something"`
	ConsentWait     time.Duration `env:"DEEPSKIN_CONSENT_WAIT" envDefault:"10m" help:"how long a photo waits for consent"`
	Retention       time.Duration `env:"DEEPSKIN_RETENTION" envDefault:"8760h" help:"how long answers and verdicts are kept, unless their photo is; 24h or more"`
	PhotoRetention  time.Duration `env:"DEEPSKIN_PHOTO_RETENTION" envDefault:"0" help:"how long photos are kept that people let us keep; 0 means until they take that back"`
	TeamLanguage    string        `env:"DEEPSKIN_TEAM_LANGUAGE" envDefault:"en" help:"language of posts in the team's channel: en, fr, nl, de or es"`
	Backlog         int           `env:"DEEPSKIN_BACKLOG" envDefault:"1000" help:"photos that may wait; more are turned away politely"`
	PhotosPerMinute int           `env:"DEEPSKIN_PHOTOS_PER_MINUTE" envDefault:"20" help:"photos taken from one sender in a minute; 0 means any number"`
	PhotosPerDay    int           `env:"DEEPSKIN_PHOTOS_PER_DAY" envDefault:"200" help:"photos taken from one sender in a day; 0 means any number"`

	PhotosPerChatMinute    int `env:"DEEPSKIN_PHOTOS_PER_CHAT_MINUTE" envDefault:"60" help:"photos taken from all in one chat in a minute; 0 means any number"`
	PhotosPerAddressMinute int `env:"DEEPSKIN_PHOTOS_PER_ADDRESS_MINUTE" envDefault:"60" help:"photos taken on the page from one IP address (of IPv6, /64 network) in a minute; 0 means any number"`
	PhotosPerAddressDay    int `env:"DEEPSKIN_PHOTOS_PER_ADDRESS_DAY" envDefault:"1000" help:"photos taken on the page from one such address in a day; 0 means any number"`
	PhotosPerMinuteInAll   int `env:"DEEPSKIN_PHOTOS_PER_MINUTE_IN_ALL" envDefault:"0" help:"photos taken from everybody in a minute; 0 means as many as the workers can answer in time"`

	UploadsPerAddress int           `env:"DEEPSKIN_UPLOADS_PER_ADDRESS" envDefault:"8" help:"uploads from one IP address that may be under way at a time; 0 means 8"`
	UploadMemory      int64         `env:"DEEPSKIN_UPLOAD_MEMORY" envDefault:"96" help:"MB of photos that may be on their way in at a time; 0 means 96"`
	UploadTime        time.Duration `env:"DEEPSKIN_UPLOAD_TIME" envDefault:"2m" help:"how long one upload may take; 0 means 2m"`
	DecodedMemory     int64         `env:"DEEPSKIN_DECODED_MEMORY" envDefault:"512" help:"MB that all photos that are being decoded may take; what takes more alone is refused; 0 means 512"`
}

// environment turns "NAME=value" lines into a map.
func environment(lines []string) map[string]string { return env.ToMap(lines) }

// readSettings parses the environment. Errors name the variable, never its value.
func readSettings(environ map[string]string) (settings, error) {
	values := map[string]string{}
	for name, value := range environ {
		values[name] = value
	}
	fields, err := env.GetFieldParams(&settings{})
	if err != nil {
		return settings{}, fmt.Errorf("describe the settings: %w", err)
	}
	for _, field := range fields {
		path, ok := environ[field.OwnKey+"_FILE"]
		if !ok || path == "" {
			continue
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return settings{}, fmt.Errorf("read the file that %s_FILE names: %w", field.OwnKey, err)
		}
		values[field.OwnKey] = strings.TrimSpace(string(content))
	}
	var s settings
	if err := env.ParseWithOptions(&s, env.Options{Environment: values}); err != nil {
		return settings{}, fmt.Errorf("read the settings: %w", err)
	}
	if s.Retention < bot.MinRetention || s.PhotoRetention < 0 {
		return settings{}, fmt.Errorf("read the settings: DEEPSKIN_RETENTION must be %v or more, "+
			"and DEEPSKIN_PHOTO_RETENTION not negative", bot.MinRetention)
	}
	if min(int64(s.UploadsPerAddress), s.UploadMemory, int64(s.UploadTime), s.DecodedMemory) < 0 {
		return settings{}, errors.New("read the settings: DEEPSKIN_UPLOADS_PER_ADDRESS, DEEPSKIN_UPLOAD_MEMORY, " +
			"DEEPSKIN_UPLOAD_TIME and DEEPSKIN_DECODED_MEMORY must not be negative")
	}
	if !words.Speaks(s.TeamLanguage) {
		return settings{}, errors.New("read the settings: DEEPSKIN_TEAM_LANGUAGE is no language that the bot speaks")
	}
	if !isSite(s.Public) {
		return settings{}, errors.New("read the settings: DEEPSKIN_PUBLIC_URL must be http:// or https:// with a host, and nothing behind it")
	}
	if s.Model == "" {
		s.Model = beside("models/deepskin.onnx")
	}
	return s, nil
}

// isSite reports whether a URL is empty or names a whole site: our pages do not live in a folder of one.
func isSite(address string) bool {
	u, err := url.Parse(strings.TrimSuffix(address, "/"))
	return err == nil && (*u == url.URL{} || (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" &&
		*u == url.URL{Scheme: u.Scheme, Host: u.Host})
}

// beside finds a file of the project in the working directory or next to the program.
func beside(name string) string {
	if program, err := os.Executable(); err == nil {
		if path := filepath.Join(filepath.Dir(program), name); exists(path) && !exists(name) {
			return path
		}
	}
	return name
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// databaseURL is the database's URL; the embedded one lives in the data folder.
func (s settings) databaseURL() string {
	if s.Database != "" {
		return s.Database
	}
	return "sqlite:" + filepath.Join(s.Data, "deepskin.db")
}

// keys reads the keys from the environment, or makes them once and keeps them in the data folder.
func (s settings) keys() (store.Keys, error) {
	if s.Keys != "" {
		keys, err := store.ParseKeys([]byte(s.Keys))
		if err != nil {
			return store.Keys{}, fmt.Errorf("read DEEPSKIN_KEYS: %w", err)
		}
		return keys, nil
	}
	if s.IdentityKey == "" && s.AddressKey == "" {
		if err := os.MkdirAll(s.Data, 0o700); err != nil {
			return store.Keys{}, fmt.Errorf("make the data folder: %w", err)
		}
		return store.LoadOrCreateKeys(filepath.Join(s.Data, "keys.json"))
	}
	identity, err1 := base64.StdEncoding.DecodeString(s.IdentityKey)
	address, err2 := base64.StdEncoding.DecodeString(s.AddressKey)
	if err1 != nil || err2 != nil || len(identity) != 32 || len(address) != 32 {
		return store.Keys{}, fmt.Errorf("DEEPSKIN_IDENTITY_KEY and DEEPSKIN_ADDRESS_KEY go " +
			"together and are 32 bytes each in base64: make each with 'openssl rand -base64 32'")
	}
	return store.Keys{Identity: identity, Address: address}, nil
}

// limitSecret derives the key under which senders are counted in Redis.
func limitSecret(identity []byte) ([]byte, error) {
	return hkdf.Key(sha256.New, identity, nil, "deepskin rate limits", 32)
}

// discord prepares the connection to Discord. Without metrics and log nothing is counted or said.
func (s settings) discord(metrics prometheus.Registerer, log *slog.Logger) (*discord.Adapter, error) {
	var channels []string
	for _, id := range s.DiscordChannels {
		channels = append(channels, strings.TrimSpace(id))
	}
	return discord.New(discord.Config{
		Token: s.DiscordToken, Channels: channels, TeamChannel: s.DiscordTeam,
		ReviewerRole: s.DiscordReviewer, API: s.DiscordAPI, Logger: log, Metrics: metrics,
	})
}

// logger writes JSON lines.
func (s settings) logger(w io.Writer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: s.LogLevel}))
}
