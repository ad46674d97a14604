// Run with: go run infer.go
//
// The smallest writer of the ring that docs/marks.md describes: one slot for an event that has ended.
package main

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

const slots, piece = 1 << 15, 48

// now returns nanoseconds of CLOCK_MONOTONIC, as every process of this machine reads it.
func now() int64 {
	var t syscall.Timespec
	syscall.Syscall(syscall.SYS_CLOCK_GETTIME, 1, uintptr(unsafe.Pointer(&t)), 0)
	return t.Nano()
}

// Marks are nil outside of a recording; its methods do nothing then.
type Marks struct {
	ring    []byte
	next    uint64
	numbers uint32
	lock    sync.Mutex
}

func open() *Marks {
	folder := os.Getenv("POWERMETER_MARKS")
	if folder == "" {
		return nil
	}
	path := fmt.Sprintf("%s/%d-%d-go.ring", folder, os.Getpid(), now())
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil
	}
	defer file.Close()
	size := 4096 + slots*64
	if file.Truncate(int64(size)) != nil {
		return nil
	}
	ring, err := syscall.Mmap(int(file.Fd()), 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		return nil
	}
	binary.LittleEndian.PutUint32(ring[8:], slots)
	binary.LittleEndian.PutUint64(ring[16:], uint64(os.Getpid()))
	copy(ring[128:], "Go")
	copy(ring, "PMMARKS1")
	return &Marks{ring: ring}
}

func (m *Marks) word(at int) *uint64 { return (*uint64)(unsafe.Pointer(&m.ring[at])) }

// Event writes an event that began at start and ends now; items is NaN where their number is not known.
func (m *Marks) Event(name string, start int64, items float64, json string) {
	m.write(4, name, start, now()-start, items, json)
}

// Instant writes a moment.
func (m *Marks) Instant(name string, json string) { m.write(3, name, now(), 0, 1, json) }

func (m *Marks) write(kind byte, name string, at, lasts int64, items float64, json string) {
	if m == nil {
		return
	}
	m.lock.Lock()
	defer m.lock.Unlock()
	text := []byte(name)
	if json != "" {
		text = append(append(text, 0), json...)
	}
	more := 0
	if len(text) > 12 {
		more = (len(text) - 12 + piece - 1) / piece
	}
	if !m.hasRoom(m.next + 1 + uint64(more)) {
		atomic.AddUint64(m.word(32), 1) // lost, and counted
		return
	}
	m.numbers++
	for i := 0; i < more; i++ {
		part := text[12+i*piece : min(len(text), 12+(i+1)*piece)]
		m.slot(m.next+1+uint64(i), 5, 0, part, len(part))
	}
	head := make([]byte, 48)
	binary.LittleEndian.PutUint64(head, uint64(at))
	binary.LittleEndian.PutUint64(head[8:], math.Float64bits(items))
	binary.LittleEndian.PutUint64(head[16:], uint64(lasts))
	copy(head[36:], text)
	m.slot(m.next, kind, 1, head, len(text))
	m.next += 1 + uint64(more)
}

// hasRoom waits until the recorder has freed the slots before end; two seconds at most, and not where it has ended.
func (m *Marks) hasRoom(end uint64) bool {
	for since := now(); end > atomic.LoadUint64(m.word(64))+slots; time.Sleep(200 * time.Microsecond) {
		if atomic.LoadUint64(m.word(72)) != 0 || now()-since > 2e9 {
			return false
		}
	}
	return true
}

func (m *Marks) slot(index uint64, kind, flags byte, body []byte, length int) {
	at := 4096 + int(index%slots)*64
	copy(m.ring[at:at+48], body)
	binary.LittleEndian.PutUint32(m.ring[at+48:], m.numbers)
	binary.LittleEndian.PutUint16(m.ring[at+52:], uint16(length))
	m.ring[at+54], m.ring[at+55] = kind, flags
	atomic.StoreUint64(m.word(at+56), index+1) // last: now the slot is whole
}

func min(a, b int) int {
	if a < b {
		return a
	}
	return b
}

func main() {
	marks := open()
	marks.Instant("epoch", `{"number": 1}`)
	for i := 0; i < 3; i++ {
		start := now()
		time.Sleep(2 * time.Millisecond) // the work
		marks.Event("decode the output", start, math.NaN(), "")
		marks.Event("infer", start, 8, `{"model": "tiny"}`)
	}
}
