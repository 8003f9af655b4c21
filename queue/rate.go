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

// Allow counts one photo of a sender. Where that is one too many it returns how long to wait, and
// zero otherwise; a photo that is turned away is not counted.
func (q *Queue) Allow(ctx context.Context, sender deepskin.Sender) (wait time.Duration, err error) {
	var keys []string
	var args []any
	add := func(window string, limit int, length time.Duration) {
		if limit > 0 {
			keys = append(keys, prefix+"rate:"+window+":"+q.hash(sender))
			args = append(args, limit, length.Milliseconds())
		}
	}
	add("minute", q.config.PhotosPerMinute, time.Minute)
	add("day", q.config.PhotosPerDay, 24*time.Hour)
	if len(keys) == 0 {
		return 0, nil
	}
	ms, err := allowScript.Run(ctx, q.rdb, keys, args...).Int64()
	if err != nil {
		return 0, fmt.Errorf("count a sender's photos: %w", busyIfFull(err))
	}
	return time.Duration(ms) * time.Millisecond, nil
}

// hash names a sender in Redis without saying who it is.
func (q *Queue) hash(sender deepskin.Sender) string {
	mac := hmac.New(sha256.New, q.config.Secret)
	// JSON keeps the two parts apart whatever they contain; writing to a hash and encoding two
	// strings cannot fail.
	_ = json.NewEncoder(mac).Encode([]string{"rate", sender.Platform, sender.ID})
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
