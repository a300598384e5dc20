/* Makes calls to the file system fail: loaded before the C library (LD_PRELOAD) of a server under
 * test. SKRYNKA_FAULTS names the file that says which calls fail. The test writes it while the server runs;
 * each number is a 32-bit one of this machine. A file is meant when its path has `word` in it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { OPEN = 1, READ = 2, WRITE = 4, SYNC = 8, RESIZE = 16, LOCK = 32, RENAME = 64, MKDIR = 128 };

struct faults {
    uint32_t calls;  /* which kinds fail; 0: none */
    uint32_t error;  /* with which errno; 0: they do not fail, and only take long */
    uint32_t skip;   /* so many go through first */
    uint32_t count;  /* then so many fail; 0: all */
    uint32_t delay;  /* so many milliseconds longer than they would */
    uint32_t halved; /* a write that fails first writes half, as on a disk that becomes full */
    uint32_t seen;   /* how many were meant */
    uint32_t failed; /* how many failed */
    char word[100];
};

static struct faults *faults;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("SKRYNKA_FAULTS");
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    void *map = mmap(NULL, sizeof *faults, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (map != MAP_FAILED)
        faults = map;
    close(file);
}

/* Whether this call is to fail. */
static int fails(uint32_t call, const char *path, int file) {
    char link[40], found[PATH_MAX];
    if (!faults || !(__atomic_load_n(&faults->calls, __ATOMIC_ACQUIRE) & call))
        return 0;
    int before = errno;
    if (!path) {
        strcpy(link, "/proc/self/fd/");
        char digits[12], *digit = digits + sizeof digits;
        *--digit = 0;
        unsigned number = file < 0 ? 0 : (unsigned)file;
        do
            *--digit = (char)('0' + number % 10);
        while (number /= 10);
        strcat(link, digit);
        ssize_t length = readlink(link, found, sizeof found - 1);
        errno = before;
        if (length < 0)
            return 0;
        found[length] = 0;
        path = found;
    }
    if (!strstr(path, faults->word))
        return 0;
    uint32_t number = __atomic_fetch_add(&faults->seen, 1, __ATOMIC_ACQ_REL);
    if (number < faults->skip || (faults->count && number >= faults->skip + faults->count))
        return 0;
    __atomic_fetch_add(&faults->failed, 1, __ATOMIC_ACQ_REL);
    uint32_t delay = faults->delay;
    struct timespec pause = {delay / 1000, (long)(delay % 1000) * 1000000};
    nanosleep(&pause, NULL);
    errno = faults->error ? (int)faults->error : before;
    return faults->error != 0;
}

#define REAL(type, name, ...)                              \
    static type (*real)(__VA_ARGS__);                      \
    if (!real)                                             \
        real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

#define OPENS(name)                                        \
    int name(const char *path, int flags, ...) {           \
        REAL(int, name, const char *, int, ...);           \
        va_list list;                                      \
        va_start(list, flags);                             \
        mode_t mode = va_arg(list, mode_t);                \
        va_end(list);                                      \
        return fails(OPEN, path, -1) ? -1 : real(path, flags, mode); \
    }
OPENS(open)
OPENS(open64)

#define OPENS_AT(name)                                     \
    int name(int at, const char *path, int flags, ...) {   \
        REAL(int, name, int, const char *, int, ...);      \
        va_list list;                                      \
        va_start(list, flags);                             \
        mode_t mode = va_arg(list, mode_t);                \
        va_end(list);                                      \
        return fails(OPEN, path, -1) ? -1 : real(at, path, flags, mode); \
    }
OPENS_AT(openat)
OPENS_AT(openat64)

ssize_t read(int file, void *bytes, size_t length) {
    REAL(ssize_t, read, int, void *, size_t);
    return fails(READ, NULL, file) ? -1 : real(file, bytes, length);
}

ssize_t write(int file, const void *bytes, size_t length) {
    REAL(ssize_t, write, int, const void *, size_t);
    if (!fails(WRITE, NULL, file))
        return real(file, bytes, length);
    return faults->halved && length > 1 ? real(file, bytes, length / 2) : -1;
}

#define READS(name, offset)                                \
    ssize_t name(int file, void *bytes, size_t length, offset at) { \
        REAL(ssize_t, name, int, void *, size_t, offset);  \
        return fails(READ, NULL, file) ? -1 : real(file, bytes, length, at); \
    }
READS(pread, off_t)
READS(pread64, off64_t)

#define WRITES(name, offset)                               \
    ssize_t name(int file, const void *bytes, size_t length, offset at) { \
        REAL(ssize_t, name, int, const void *, size_t, offset); \
        if (!fails(WRITE, NULL, file))                     \
            return real(file, bytes, length, at);          \
        return faults->halved && length > 1 ? real(file, bytes, length / 2, at) : -1; \
    }
WRITES(pwrite, off_t)
WRITES(pwrite64, off64_t)

ssize_t writev(int file, const struct iovec *parts, int count) {
    REAL(ssize_t, writev, int, const struct iovec *, int);
    return fails(WRITE, NULL, file) ? -1 : real(file, parts, count);
}

#define ON_A_FILE(name, call)                              \
    int name(int file) {                                   \
        REAL(int, name, int);                              \
        return fails(call, NULL, file) ? -1 : real(file);  \
    }
ON_A_FILE(fsync, SYNC)
ON_A_FILE(fdatasync, SYNC)

#define RESIZES(name, offset)                              \
    int name(int file, offset length) {                    \
        REAL(int, name, int, offset);                      \
        return fails(RESIZE, NULL, file) ? -1 : real(file, length); \
    }
RESIZES(ftruncate, off_t)
RESIZES(ftruncate64, off64_t)

/* These two tell the error by what they return. */
#define RESERVES(name, offset)                             \
    int name(int file, offset at, offset length) {         \
        REAL(int, name, int, offset, offset);              \
        return fails(RESIZE, NULL, file) ? errno : real(file, at, length); \
    }
RESERVES(posix_fallocate, off_t)
RESERVES(posix_fallocate64, off64_t)

/* To lock only: giving up a lock does not fail. */
#define CONTROLS(name)                                     \
    int name(int file, int command, ...) {                 \
        REAL(int, name, int, int, ...);                    \
        va_list list;                                      \
        va_start(list, command);                           \
        void *argument = va_arg(list, void *);             \
        va_end(list);                                      \
        int locks = command == F_SETLK || command == F_SETLKW || command == F_OFD_SETLK; \
        if (locks && ((struct flock *)argument)->l_type != F_UNLCK && fails(LOCK, NULL, file)) \
            return -1;                                     \
        return real(file, command, argument);              \
    }
CONTROLS(fcntl)
CONTROLS(fcntl64)

#define MOVES(name)                                        \
    int name(const char *from, const char *to) {           \
        REAL(int, name, const char *, const char *);       \
        return fails(RENAME, to, -1) ? -1 : real(from, to); \
    }
MOVES(rename)
MOVES(link)

int linkat(int at, const char *from, int to_at, const char *to, int flags) {
    REAL(int, linkat, int, const char *, int, const char *, int);
    return fails(RENAME, to, -1) ? -1 : real(at, from, to_at, to, flags);
}

int mkdir(const char *path, mode_t mode) {
    REAL(int, mkdir, const char *, mode_t);
    return fails(MKDIR, path, -1) ? -1 : real(path, mode);
}
