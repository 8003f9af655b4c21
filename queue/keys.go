package queue

import "deepskin"

// Names of what is in Redis. The braces are a hash tag: scripts touch several keys at once, so a
// Redis Cluster has to keep them all in one slot.
const (
	prefix = "{deepskin}:"

	jobsStream  = prefix + "jobs"
	deadLetters = prefix + "dead"
	// workersKey has what each worker last told of itself: its slots, its pace, and until when
	// that counts.
	workersKey = prefix + "workers"
	// modelsKey has what workers said of their models, by version.
	modelsKey = prefix + "models"
	// copiesList has the key and size of each reduced copy, the newest first, and copiesHeld the
	// sum of the sizes.
	copiesList = prefix + "copies"
	copiesHeld = prefix + "copies:bytes"
	// generationKey has a random name that lasts as long as Redis keeps what it has.
	generationKey = prefix + "generation"
	// workersGroup and botsGroup are the consumer groups of the jobs and of the results.
	workersGroup = "workers"
	botsGroup    = "bots"
)

// payloadField holds what a stream entry carries, a job or a result; the scripts spell it out.
const payloadField = "json"

// resultsStream holds a platform's results until one of its bots has handled them.
func resultsStream(platform string) string { return prefix + "results:" + platform }

// photoKey holds a photo until the worker has answered.
func photoKey(id deepskin.CaseID) string { return prefix + "photo:" + string(id) }

// copyKey holds the reduced copy that the worker left.
func copyKey(id deepskin.CaseID) string { return prefix + "copy:" + string(id) }

// markKey holds the entry ID of the case's job while that waits or is being worked on.
func markKey(id deepskin.CaseID) string { return prefix + "job:" + string(id) }
