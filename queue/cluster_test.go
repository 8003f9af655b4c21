package queue_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"deepskin/internal/servers"
)

// The tests share one cluster, because a new one takes seconds until it serves; they have it one
// after the other. It ends with this process, and its folder in TestMain.
var (
	cluster     = sync.OnceValues(func() (string, error) { return startCluster(clusterDir) })
	clusterDir  string
	clusterLock sync.Mutex
)

// useCluster returns the URL of a cluster, with the node that does not have our keys in it.
func useCluster(t testing.TB) string {
	t.Helper()
	url, err := cluster()
	if err != nil {
		t.Fatal(err)
	}
	clusterLock.Lock()
	t.Cleanup(clusterLock.Unlock)
	flush(t, url)
	return url
}

// startCluster starts two nodes, each with half of the slots.
func startCluster(dir string) (url string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	const slots = 16384
	var nodes []*redis.Client
	var addresses, busPorts []string
	for i := range 2 {
		folder := fmt.Sprintf("%s/%d", dir, i)
		if err := os.Mkdir(folder, 0o700); err != nil {
			return "", err
		}
		busPort, err := freePort() // the default, 10,000 above the other, may be too high
		if err != nil {
			return "", err
		}
		busPorts = append(busPorts, busPort)
		node, err := servers.StartRedis(ctx, folder, "--cluster-enabled", "yes", "--cluster-port", busPort)
		if err != nil {
			return "", err
		}
		addresses = append(addresses, node.Addr())
		rdb := redis.NewClient(&redis.Options{Addr: node.Addr()})
		defer rdb.Close()
		nodes = append(nodes, rdb)
		if err := rdb.ClusterAddSlotsRange(ctx, i*slots/2, (i+1)*slots/2-1).Err(); err != nil {
			return "", err
		}
	}
	host, port, err := net.SplitHostPort(addresses[1])
	if err != nil {
		return "", err
	}
	if err := nodes[0].Do(ctx, "CLUSTER", "MEET", host, port, busPorts[1]).Err(); err != nil {
		return "", err
	}
	for _, node := range nodes {
		for {
			info, err := node.ClusterInfo(ctx).Result()
			if err != nil {
				return "", err
			}
			if strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_known_nodes:2") {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	slot, err := nodes[0].ClusterKeySlot(ctx, "{deepskin}:jobs").Result()
	if err != nil {
		return "", err
	}
	if slot < slots/2 {
		return "redis+cluster://" + addresses[1], nil
	}
	return "redis+cluster://" + addresses[0], nil
}

func freePort() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return "", err
	}
	return port, listener.Close()
}
