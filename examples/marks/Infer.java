// Run with: java Infer.java
//
// The smallest writer of the ring that docs/marks.md describes: one slot for an event that has ended.
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.locks.LockSupport;

public class Infer {
    /** Outside of a recording its methods do nothing. */
    static final class Marks {
        private static final int SLOTS = 1 << 15, PIECE = 48;
        private static final VarHandle WORD =
                MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
        private ByteBuffer ring;
        private long next;
        private int numbers;

        Marks() {
            String folder = System.getenv("POWERMETER_MARKS");
            if (folder == null || folder.isEmpty()) return;
            long process = ProcessHandle.current().pid();
            Path path = Path.of(folder, process + "-" + System.nanoTime() + "-java.ring");
            try (FileChannel file = FileChannel.open(
                    path, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                ByteBuffer made = file.map(FileChannel.MapMode.READ_WRITE, 0, 4096 + SLOTS * 64L)
                        .order(ByteOrder.LITTLE_ENDIAN);
                made.putInt(8, SLOTS).putLong(16, process);
                made.put(128, "Java".getBytes(StandardCharsets.UTF_8));
                made.put(0, "PMMARKS1".getBytes(StandardCharsets.UTF_8));
                ring = made;
            } catch (java.io.IOException error) {
                ring = null;
            }
        }

        /** Write an event that began at {@code start} and ends now; items are NaN where their number is not known. */
        void event(String name, long start, double items, String json) {
            write(4, name, start, System.nanoTime() - start, items, json);
        }

        void instant(String name, String json) {
            write(3, name, System.nanoTime(), 0, 1, json);
        }

        private synchronized void write(int kind, String name, long at, long lasts, double items, String json) {
            if (ring == null) return;
            byte[] text = (json == null ? name : name + "\0" + json).getBytes(StandardCharsets.UTF_8);
            int more = text.length > 12 ? (text.length - 12 + PIECE - 1) / PIECE : 0;
            if (!hasRoom(next + 1 + more)) {
                WORD.getAndAdd(ring, 32, 1L); // lost, and counted
                return;
            }
            numbers++;
            for (int i = 0; i < more; i++) {
                int from = 12 + i * PIECE, length = Math.min(PIECE, text.length - from);
                ring.put(place(next + 1 + i), text, from, length);
                finish(next + 1 + i, 5, 0, length);
            }
            int slot = place(next);
            ring.putLong(slot, at).putDouble(slot + 8, items).putLong(slot + 16, lasts);
            ring.putInt(slot + 24, 0).putInt(slot + 28, (int) Thread.currentThread().getId()).putInt(slot + 32, 0);
            ring.put(slot + 36, text, 0, Math.min(12, text.length));
            finish(next, kind, 1, text.length);
            next += 1 + more;
        }

        /** Wait until the recorder has freed the slots before {@code end}; two seconds at most, and not where it has ended. */
        private boolean hasRoom(long end) {
            long since = System.nanoTime();
            while (end > (long) WORD.getAcquire(ring, 64) + SLOTS) {
                if ((long) WORD.getAcquire(ring, 72) != 0 || System.nanoTime() - since > 2_000_000_000L) return false;
                LockSupport.parkNanos(200_000);
            }
            return true;
        }

        private void finish(long index, int kind, int flags, int length) {
            int slot = place(index);
            ring.putInt(slot + 48, numbers).putShort(slot + 52, (short) length);
            ring.put(slot + 54, (byte) kind).put(slot + 55, (byte) flags);
            WORD.setRelease(ring, slot + 56, index + 1); // last: now the slot is whole
        }

        private static int place(long index) {
            return 4096 + (int) (index % SLOTS) * 64;
        }
    }

    public static void main(String[] arguments) throws InterruptedException {
        Marks marks = new Marks();
        marks.instant("epoch", "{\"number\": 1}");
        for (int i = 0; i < 3; i++) {
            long start = System.nanoTime(); // CLOCK_MONOTONIC, on Linux
            Thread.sleep(2); // the work
            marks.event("decode the output", start, Double.NaN, null);
            marks.event("infer", start, 8, "{\"model\": \"tiny\"}");
        }
    }
}
