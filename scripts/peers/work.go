// Takes some time in burn, and holds what hold allocates; writes a CPU and a heap profile.
package main

import (
	"os"
	"runtime"
	"runtime/pprof"
)

var held [][]byte

//go:noinline
func burn(rounds int) (sum float64) {
	for i := 0; i < rounds; i++ {
		sum += float64(i)
	}
	return
}

//go:noinline
func hold(count int) {
	for i := 0; i < count; i++ {
		held = append(held, make([]byte, 1<<20))
	}
}

func write(name string, profile func(*os.File) error) {
	file, err := os.Create(name)
	if err == nil {
		err = profile(file)
	}
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		panic(err)
	}
}

func main() {
	sum := 0.0
	write(os.Args[1], func(file *os.File) error {
		if err := pprof.StartCPUProfile(file); err != nil {
			return err
		}
		sum = burn(1_000_000_000)
		pprof.StopCPUProfile()
		return nil
	})
	hold(16)
	runtime.GC()
	write(os.Args[2], func(file *os.File) error { return pprof.Lookup("heap").WriteTo(file, 0) })
	runtime.KeepAlive(held)
	runtime.KeepAlive(sum)
}
