package queue

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// generationScript returns the name, and gives one where there is none.
var generationScript = redis.NewScript(`
local name = redis.call('GET', KEYS[1])
if name then return name end
redis.call('SET', KEYS[1], ARGV[1])
return ARGV[1]
`)

// Generation names what Redis holds. All processes get the same name, for as long as Redis loses
// nothing; another one says that it has come back empty in between.
func (q *Queue) Generation(ctx context.Context) (string, error) {
	name, err := generationScript.Run(ctx, q.rdb, []string{generationKey}, rand.Text()).Text()
	if err != nil {
		return "", fmt.Errorf("ask Redis for its generation: %w", err)
	}
	return name, nil
}
