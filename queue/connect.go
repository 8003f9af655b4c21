package queue

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// poolSize bounds the connections to Redis, which are opened as they are needed. Work and each
// Results hold one for their blocking read, whatever their concurrency.
const poolSize = 64

// errURL does not repeat the URL, which may hold a password.
var errURL = errors.New("queue: the Redis URL is of none of the forms " +
	"redis://user:password@host:port/0, unix://path, " +
	"redis+sentinel://user:password@host:port,host:port/0?master_name=name and " +
	"redis+cluster://user:password@host:port,host:port (or rediss instead of redis)")

// connect returns a client for the Redis that a URL names; it does not ask yet whether that is
// there.
func connect(address string) (redis.UniversalClient, error) {
	scheme, _, _ := strings.Cut(address, "://")
	switch _, kind, _ := strings.Cut(scheme, "+"); kind {
	case "":
		options, err := redis.ParseURL(address)
		if err != nil {
			return nil, errURL
		}
		return single(options), nil
	case "sentinel":
		return connectSentinel(address)
	case "cluster":
		return connectCluster(address)
	default:
		return nil, errURL
	}
}

func single(options *redis.Options) redis.UniversalClient {
	setDefault(&options.PoolSize, poolSize)
	options.ContextTimeoutEnabled = true
	options.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return redis.NewClient(options)
}

// inMemory connects to a Redis inside this process without a port, from which others on this
// machine could read photos.
func inMemory(server *miniredis.Miniredis) redis.UniversalClient {
	return single(&redis.Options{Dialer: func(context.Context, string, string) (net.Conn, error) {
		return server.Dial()
	}})
}

func connectSentinel(address string) (redis.UniversalClient, error) {
	u, err := manyHosts(address)
	if err != nil {
		return nil, errURL
	}
	// The library takes the user of the URL for that of the Sentinels. In all our forms it is the
	// one of the servers that have the data.
	query := u.Query()
	username, password := query.Get("sentinel_username"), query.Get("sentinel_password")
	query.Del("sentinel_username")
	query.Del("sentinel_password")
	u.RawQuery = query.Encode()
	options, err := redis.ParseFailoverURL(u.String())
	if err != nil || options.MasterName == "" {
		return nil, errURL
	}
	options.Username, options.Password = options.SentinelUsername, options.SentinelPassword
	options.SentinelUsername, options.SentinelPassword = username, password
	setDefault(&options.PoolSize, poolSize)
	options.ContextTimeoutEnabled = true
	// Who reads from replicas does not see what it has just written.
	options.RouteByLatency, options.RouteRandomly, options.ReplicaOnly = false, false, false
	if options.TLSConfig != nil {
		options.TLSConfig.ServerName = "" // the library's is the first host's: each has its own
	}
	return redis.NewFailoverClient(options), nil
}

func connectCluster(address string) (redis.UniversalClient, error) {
	u, err := manyHosts(address)
	if err != nil || (u.Path != "" && u.Path != "/" && u.Path != "/0") { // a cluster has one database
		return nil, errURL
	}
	options, err := redis.ParseClusterURL(u.String())
	if err != nil {
		return nil, errURL
	}
	setDefault(&options.PoolSize, poolSize)
	options.ContextTimeoutEnabled = true
	options.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	// Who reads from replicas does not see what it has just written.
	options.RouteByLatency, options.RouteRandomly, options.ReadOnly = false, false, false
	if options.TLSConfig != nil {
		options.TLSConfig.ServerName = "" // the library's is the first host's: each has its own
	}
	return redis.NewClusterClient(options), nil
}

// manyHosts turns redis+kind://user:password@host,host/path into the library's way of naming
// several hosts, redis://user:password@host/path?addr=host.
func manyHosts(address string) (*url.URL, error) {
	scheme, rest, _ := strings.Cut(address, "://")
	scheme, _, _ = strings.Cut(scheme, "+")
	if scheme != "redis" && scheme != "rediss" {
		return nil, errURL
	}
	authority, path := rest, ""
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority, path = rest[:i], rest[i:]
	}
	user := authority[:strings.LastIndex(authority, "@")+1]
	hosts := strings.Split(authority[len(user):], ",")
	for _, host := range hosts {
		if name, port, err := net.SplitHostPort(host); err != nil || name == "" || port == "" {
			return nil, fmt.Errorf("a host is not of the form host:port")
		}
	}
	u, err := url.Parse(scheme + "://" + user + hosts[0] + path)
	if err != nil {
		return nil, err
	}
	query := u.Query()
	query["addr"] = append(query["addr"], hosts[1:]...)
	u.RawQuery = query.Encode()
	return u, nil
}
