// Build with: rustc -O infer.rs
//
// The smallest writer of the ring that docs/marks.md describes: one slot for an event that has ended.  No crates.
use std::ffi::{c_int, c_long, c_void};
use std::fs::OpenOptions;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicU64, Ordering::*};

const SLOTS: u64 = 1 << 15;
const PIECE: usize = 48;

#[repr(C)]
struct Timespec {
    seconds: c_long,
    nanoseconds: c_long,
}

extern "C" {
    fn mmap(at: *mut c_void, size: usize, protection: c_int, flags: c_int, file: c_int, offset: c_long) -> *mut c_void;
    fn clock_gettime(clock: c_int, time: *mut Timespec) -> c_int;
}

/// Nanoseconds of CLOCK_MONOTONIC, as every process of this machine reads it.
fn now() -> i64 {
    let mut t = Timespec { seconds: 0, nanoseconds: 0 };
    unsafe { clock_gettime(1, &mut t) };
    t.seconds as i64 * 1_000_000_000 + t.nanoseconds as i64
}

struct Marks {
    ring: *mut u8,
    next: u64,
    numbers: u32,
}

impl Marks {
    /// None outside of a recording.
    fn open() -> Option<Marks> {
        let folder = std::env::var("POWERMETER_MARKS").ok()?;
        let process = std::process::id();
        let path = format!("{folder}/{process}-{}-rs.ring", now());
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(path).ok()?;
        let size = 4096 + SLOTS as usize * 64;
        file.set_len(size as u64).ok()?;
        let ring = unsafe { mmap(std::ptr::null_mut(), size, 3, 1, file.as_raw_fd(), 0) } as *mut u8;
        if ring as isize == -1 {
            return None;
        }
        let marks = Marks { ring, next: 0, numbers: 0 };
        marks.put(8, &(SLOTS as u32).to_le_bytes());
        marks.put(16, &(process as u64).to_le_bytes());
        marks.put(128, b"Rust");
        marks.put(0, b"PMMARKS1");
        Some(marks)
    }

    fn put(&self, at: usize, bytes: &[u8]) {
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.ring.add(at), bytes.len()) }
    }

    fn word(&self, at: usize) -> &AtomicU64 {
        unsafe { &*(self.ring.add(at) as *const AtomicU64) }
    }

    /// Write an event that began at `start` and ends now; `items` is NaN where their number is not known.
    fn event(&mut self, name: &str, start: i64, items: f64, json: &str) {
        self.write(4, name, start, now() - start, items, json);
    }

    fn instant(&mut self, name: &str, json: &str) {
        self.write(3, name, now(), 0, 1.0, json);
    }

    fn write(&mut self, kind: u8, name: &str, at: i64, lasts: i64, items: f64, json: &str) {
        let mut text = name.as_bytes().to_vec();
        if !json.is_empty() {
            text.push(0);
            text.extend(json.as_bytes());
        }
        let pieces: Vec<&[u8]> = text.get(12..).unwrap_or(&[]).chunks(PIECE).collect();
        if !self.has_room(self.next + 1 + pieces.len() as u64) {
            self.word(32).fetch_add(1, Relaxed); // lost, and counted
            return;
        }
        self.numbers += 1;
        for (i, piece) in pieces.iter().enumerate() {
            self.slot(self.next + 1 + i as u64, 5, 0, piece, piece.len(), |_, _| ());
        }
        self.slot(self.next, kind, 1, &[], text.len(), |marks, at_slot| {
            marks.put(at_slot, &at.to_le_bytes());
            marks.put(at_slot + 8, &items.to_le_bytes());
            marks.put(at_slot + 16, &lasts.to_le_bytes());
            marks.put(at_slot + 24, &[0; 12]); // parent, thread, task: not known
            marks.put(at_slot + 36, &text[..text.len().min(12)]);
        });
        self.next += 1 + pieces.len() as u64;
    }

    /// Wait until the recorder has freed the slots before `end`; two seconds at most, and not where it has ended.
    fn has_room(&self, end: u64) -> bool {
        let since = now();
        while end > self.word(64).load(Acquire) + SLOTS {
            if self.word(72).load(Acquire) != 0 || now() - since > 2_000_000_000 {
                return false;
            }
            std::thread::sleep(std::time::Duration::from_micros(200));
        }
        true
    }

    fn slot(&self, index: u64, kind: u8, flags: u8, text: &[u8], length: usize, fill: impl Fn(&Marks, usize)) {
        let at = 4096 + (index % SLOTS) as usize * 64;
        self.put(at, text);
        fill(self, at);
        self.put(at + 48, &self.numbers.to_le_bytes());
        self.put(at + 52, &(length as u16).to_le_bytes());
        self.put(at + 54, &[kind, flags]);
        self.word(at + 56).store(index + 1, Release); // last: now the slot is whole
    }
}

fn main() {
    let mut marks = Marks::open();
    if let Some(m) = &mut marks {
        m.instant("epoch", r#"{"number": 1}"#);
    }
    for _ in 0..3 {
        let start = now();
        std::thread::sleep(std::time::Duration::from_millis(2)); // the work
        if let Some(m) = &mut marks {
            m.event("decode the output", start, f64::NAN, "");
            m.event("infer", start, 8.0, r#"{"model": "tiny"}"#);
        }
    }
}
