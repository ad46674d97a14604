/* Marks for a recording of powermeter, from C99 or C++ on POSIX systems.  One file, no library; see docs/marks.md.
 *
 *     powermeter_event e = powermeter_begin("infer");
 *     run(model);
 *     powermeter_end(e, 8, "{\"model\": \"tiny\"}");       items (or POWERMETER_UNKNOWN), attributes (or NULL)
 *     powermeter_instant("epoch", NULL);
 *
 * Under `powermeter record -- PROGRAM` they are recorded; elsewhere a call costs a branch.  Threads and forks are fine.
 * No call fails: a mark that finds no room for POWERMETER_PATIENCE_NS is counted as lost. */
#ifndef POWERMETER_MARKS_H
#define POWERMETER_MARKS_H
#undef _GNU_SOURCE
#define _GNU_SOURCE 1
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#define POWERMETER_SLOTS (1u << 16) /* a power of two, of 64 bytes each */
#define POWERMETER_PATIENCE_NS 2000000000LL
#define POWERMETER_UNKNOWN (-1.0)
#ifdef __APPLE__
#define POWERMETER_RESERVE(file, size) ftruncate(file, size)
#else /* a page that does not fit into shared memory would end the program when it is first touched */
#define POWERMETER_RESERVE(file, size) posix_fallocate(file, 0, size)
#endif
typedef struct { uint32_t event, parent; } powermeter_event;
typedef struct { /* 64 bytes, little-endian */
    int64_t time; double count; int64_t duration; uint32_t parent, thread, task; char text[12];
    uint32_t event; uint16_t length; uint8_t kind, flags; uint64_t sequence;
} powermeter_slot;
typedef struct {
    char magic[8]; uint32_t capacity, clock; uint64_t process, space, lost, waited_ns, wanted, left; /* the writer's */
    uint64_t taken, closed, committed /* the recorder's */, newest, next, numbers, stuck, unused; /* from next on this file's own */
    char program[64]; uint64_t interrupted, given_up, late, first; char rest[4096 - 224]; powermeter_slot slots[1];
} powermeter_ring;
typedef struct { powermeter_ring *ring; int is_off; } powermeter_local;
static powermeter_local powermeter_static, *powermeter_here = &powermeter_static; /* or a page that a fork wipes */
static __thread uint32_t powermeter_running, powermeter_thread;

static inline int64_t powermeter_now(void) {
    struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); /* with a C library older than 2.17, link with -lrt */
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}
static powermeter_ring *powermeter_open(void) { /* a ring of this process; NULL where nothing is recorded */
    const char *folder = getenv("POWERMETER_MARKS");
    const size_t size = 4096 + (size_t)POWERMETER_SLOTS * sizeof(powermeter_slot);
    powermeter_local *here = powermeter_here; powermeter_ring *ring = (powermeter_ring *)MAP_FAILED, *before = here->ring;
    struct stat space; struct rlimit most; char path[1024]; int file = -1, why = EFBIG;
    if (!folder || !*folder) return here->is_off = 1, (powermeter_ring *)NULL;
    snprintf(path, sizeof path, "%s/%d-%lld-%p.ring", folder, getpid(), (long long)powermeter_now(), path);
    if (!getrlimit(RLIMIT_FSIZE, &most) && most.rlim_cur >= size) /* a file that outgrows it would end the program */
        file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600), why = file < 0 ? errno : POWERMETER_RESERVE(file, (off_t)size);
    if (!why) ring = (powermeter_ring *)mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), why = errno;
    if (file >= 0) close(file);
    if (ring == (powermeter_ring *)MAP_FAILED) { /* a folder needs no descriptor and has no size */
        const char *name = why == EACCES ? strrchr(folder, '/') : NULL; /* another user's by now: what it loses is noted beside that */
        snprintf(path, sizeof path, "%s%s/%d-%lld-%d-1.lost", folder, name ? "-lost" : "", getpid(), (long long)powermeter_now(), why < 0 ? EFBIG : why);
        if (name && (size_t)(name - folder) < sizeof path) path[name - folder] = '-';
        return mkdir(path, 0700), here->is_off = 1, (powermeter_ring *)NULL;
    }
    ring->capacity = POWERMETER_SLOTS, ring->process = (uint64_t)getpid(), memcpy(ring->program, "C or C++", 9);
    ring->space = stat("/proc/self/ns/pid", &space) == 0 ? (uint64_t)space.st_ino : 0;
    __atomic_thread_fence(__ATOMIC_RELEASE);
    memcpy(ring->magic, "PMMARKS1", 8); /* last: now it is a ring */
#ifdef MADV_WIPEONFORK
    if (here == &powermeter_static) {
        void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (page != MAP_FAILED && !madvise(page, 4096, MADV_WIPEONFORK) && /* the first of several threads */
            __atomic_compare_exchange_n(&powermeter_here, &here, (powermeter_local *)page, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            here = (powermeter_local *)page;
    }
#endif
    if (here != &powermeter_static) before = NULL;
    __atomic_compare_exchange_n(&here->ring, &before, ring, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
    powermeter_running = powermeter_thread = 0;
    return here->ring; /* another thread's, where that was first */
}
static inline powermeter_ring *powermeter_get(void) {
    powermeter_local *here = __atomic_load_n(&powermeter_here, __ATOMIC_ACQUIRE);
    powermeter_ring *ring = __atomic_load_n(&here->ring, __ATOMIC_ACQUIRE);
    if (ring && (here != &powermeter_static || ring->process == (uint64_t)getpid())) return ring;
    return here->is_off ? NULL : powermeter_open();
}

static inline int powermeter_reserve(powermeter_ring *ring, uint64_t slots, uint64_t *first) { /* is there room? */
    const struct timespec pause = {0, 200000}; int64_t since = 0;
    for (;;) {
        uint64_t taken = __atomic_load_n(&ring->taken, __ATOMIC_ACQUIRE);
        *first = __atomic_load_n(&ring->next, __ATOMIC_RELAXED);
        if (*first + slots <= taken + POWERMETER_SLOTS) {
            if (!__atomic_compare_exchange_n(&ring->next, first, *first + slots, 1, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) continue;
            if (since) __atomic_fetch_add(&ring->waited_ns, (uint64_t)(powermeter_now() - since), __ATOMIC_RELAXED);
            return 1;
        }
        if (!since) since = powermeter_now();
        if (ring->closed || ring->stuck == taken + 1 || powermeter_now() - since > POWERMETER_PATIENCE_NS) {
            ring->stuck = taken + 1; /* nobody waits again until the recorder has taken something */
            return __atomic_fetch_add(&ring->lost, 1, __ATOMIC_RELAXED), 0;
        }
        nanosleep(&pause, NULL);
    }
}
static inline void powermeter_write(int kind, powermeter_event e, double count, const char *name, const char *json) {
    powermeter_ring *ring = powermeter_get();
    size_t whole = name ? strlen(name) : 0, named = whole, noted = json ? strlen(json) : 0, length, done, part, i;
    powermeter_slot *slot; uint64_t first = 0; uint32_t hash = 2166136261u; char text[4096];
    for (i = 0; whole > 1000 && i < whole; i++) hash = (hash ^ (uint8_t)name[i]) * 16777619u; /* two long names stay two */
    if (whole > 1000) named = 950 + (size_t)snprintf(text + 950, 60, "... (cut, %zu bytes, %08x)", whole, (unsigned)hash);
    noted = noted > 3000 ? 0 : noted, length = named + noted + (noted && kind != 2); /* half a JSON object is none */
    if (!ring || !powermeter_reserve(ring, 1 + (length > 12 ? (length - 12 + 47) / 48 : 0), &first)) return;
    if (whole) memcpy(text, name, whole > 1000 ? 950 : whole), text[named] = 0;
    if (noted) memcpy(text + length - noted, json, noted);
    for (i = 1, done = 12; done < length; i++, done += part) {
        slot = &ring->slots[(first + i) % POWERMETER_SLOTS], part = length - done < 48 ? length - done : 48;
        memcpy((void *)slot, text + done, part), slot->event = e.event, slot->length = (uint16_t)part, slot->kind = 5, slot->flags = 0;
        __atomic_store_n(&slot->sequence, first + i + 1, __ATOMIC_RELEASE);
    }
#ifdef SYS_gettid
    if (!powermeter_thread) powermeter_thread = (uint32_t)syscall(SYS_gettid);
#endif
    slot = &ring->slots[first % POWERMETER_SLOTS], slot->count = count < 0 ? __builtin_nan("") : count, slot->duration = 0, slot->task = 0, slot->parent = e.parent;
    memcpy(slot->text, text, length < 12 ? length : 12);
    slot->thread = powermeter_thread, slot->event = e.event, slot->length = (uint16_t)length;
    slot->kind = (uint8_t)kind, slot->flags = kind == 2, slot->time = powermeter_now();
    __atomic_store_n(&slot->sequence, first + 1, __ATOMIC_RELEASE);
}
static inline powermeter_event powermeter_begin(const char *name) {
    powermeter_ring *ring = powermeter_get();
    powermeter_event e = {ring ? (uint32_t)__atomic_add_fetch(&ring->numbers, 1, __ATOMIC_RELAXED) : 0, powermeter_running};
    if (ring) powermeter_running = e.event, powermeter_write(1, e, 1, name, NULL);
    return e;
}
static inline void powermeter_end(powermeter_event e, double items, const char *json) {
    powermeter_ring *ring = e.event ? powermeter_get() : NULL;
    if (ring && e.event <= ring->numbers) powermeter_write(2, e, items, NULL, json), powermeter_running = e.parent;
}
static inline void powermeter_instant(const char *name, const char *json) {
    powermeter_ring *ring = powermeter_get();
    powermeter_event e = {ring ? (uint32_t)__atomic_add_fetch(&ring->numbers, 1, __ATOMIC_RELAXED) : 0, powermeter_running};
    if (ring) powermeter_write(3, e, 1, name, json);
}
#endif
