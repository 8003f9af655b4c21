package queue

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"deepskin"
)

// allowScript counts one photo in every window, or in none where one of them is full; then it
// returns the milliseconds until the last full one ends. A window begins with its first photo.
var allowScript = redis.NewScript(`
local wait = 0
for i, key in ipairs(KEYS) do
	if tonumber(redis.call('GET', key) or '0') >= tonumber(ARGV[2*i-1]) then
		wait = math.max(wait, 1, redis.call('PTTL', key))
	end
end
if wait > 0 then return wait end
for i, key in ipairs(KEYS) do
	if redis.call('INCR', key) == 1 then redis.call('PEXPIRE', key, ARGV[2*i]) end
end
return 0
`)

// Allow counts one photo, for its sender, its chat, its network and in all. Where that is one too many
// for any of them it returns how long to wait, and zero otherwise; a photo that is turned away is
// counted nowhere.
func (q *Queue) Allow(ctx context.Context, from deepskin.Origin) (wait time.Duration, err error) {
	var keys []string
	var args []any
	add := func(window string, limit int, length time.Duration, who ...string) {
		if limit > 0 {
			keys = append(keys, prefix+"rate:"+window+":"+q.hash(who))
			args = append(args, limit, length.Milliseconds())
		}
	}
	sender := []string{"rate", from.Sender.Platform, from.Sender.ID}
	add("minute", q.config.PhotosPerMinute, time.Minute, sender...)
	add("day", q.config.PhotosPerDay, 24*time.Hour, sender...)
	add("minute", q.config.PhotosPerChatMinute, time.Minute, "chat", from.Sender.Platform, from.Chat)
	if from.Network != "" {
		add("minute", q.config.PhotosPerNetworkMinute, time.Minute, "network", from.Network)
		add("day", q.config.PhotosPerNetworkDay, 24*time.Hour, "network", from.Network)
	}
	add("minute", q.config.PhotosPerMinuteInAll, time.Minute, "all")
	if len(keys) == 0 {
		return 0, nil
	}
	ms, err := allowScript.Run(ctx, q.rdb, keys, args...).Int64()
	if err != nil {
		return 0, fmt.Errorf("count photos: %w", busyIfFull(err))
	}
	return time.Duration(ms) * time.Millisecond, nil
}

// hash names somebody in Redis without saying who it is.
func (q *Queue) hash(who []string) string {
	mac := hmac.New(sha256.New, q.config.Secret)
	// JSON keeps the parts apart whatever they contain; writing to a hash and encoding strings cannot
	// fail.
	_ = json.NewEncoder(mac).Encode(who)
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
