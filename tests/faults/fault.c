/* Makes one call of the system fail, or ends the process at it. Preloaded into aecodec by faults/injection.py.

   Counted are the calls that write, name or sync something in the folder FAULT_ROOT, or that write to a file that is
   standard output. At call number FAULT_AT,
     FAULT_KIND=kill   ends the process, after half of what is to be written is;
     FAULT_KIND=late   ends the process once the call is done;
     FAULT_KIND=term, int   send SIGTERM or SIGINT, and do the call;
     FAULT_KIND=full   fills the disk: half is written, and all later writes fail.
   FAULT_LOG is a file that gets a byte for each counted call. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum kind { NONE, KILL, LATE, TERM, INT, FULL };

static atomic_long calls;
static atomic_int full;

static enum kind kind_now(void)
{
    static const char *const names[] = {"", "kill", "late", "term", "int", "full"};
    const char *kind = getenv("FAULT_KIND");
    for (int i = 1; kind && i <= FULL; i++)
        if (!strcmp(kind, names[i])) return (enum kind)i;
    return NONE;
}

static int in_root(const char *path)
{
    const char *root = getenv("FAULT_ROOT");
    char whole[2 * PATH_MAX];
    if (path[0] != '/') {
        if (!getcwd(whole, PATH_MAX)) return 0;
        strcat(strcat(whole, "/"), path);
        path = whole;
    }
    return root && !strncmp(path, root, strlen(root));
}

static int is_counted(int descriptor)
{
    char name[64], path[PATH_MAX + 1];
    snprintf(name, sizeof name, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(name, path, PATH_MAX);
    if (length < 0) return 0;
    path[length] = 0;
    return in_root(path) || (descriptor == 1 && getenv("FAULT_ROOT"));
}

/* The fault of this call, if it is its turn. */
static enum kind turn(void)
{
    const char *log = getenv("FAULT_LOG"), *at = getenv("FAULT_AT");
    if (log) {
        int descriptor = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_APPEND | O_CREAT, 0600);
        syscall(SYS_write, descriptor, ".", 1);
        close(descriptor);
    }
    long number = atomic_fetch_add(&calls, 1) + 1;
    if (!at || number != atol(at)) return NONE;
    enum kind kind = kind_now();
    if (kind == TERM || kind == INT) kill(getpid(), kind == TERM ? SIGTERM : SIGINT);
    if (kind == FULL) full = 1;
    return kind;
}

static void end(void) { kill(getpid(), SIGKILL); }

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int no_space(void)
{
    errno = ENOSPC;
    return -1;
}

/* A write of some kind: `call` writes the number of bytes that it is given. */
#define WRITE(descriptor, size, call)                        \
    if (!is_counted(descriptor)) return call(size);          \
    if (full) return no_space();                             \
    enum kind kind = turn();                                 \
    if (kind == KILL) {                                      \
        if (call((size) / 2) >= 0) end();                    \
    }                                                        \
    if (kind == FULL) return (size) > 1 ? call((size) / 2) : no_space(); \
    ssize_t done = call(size);                               \
    if (kind == LATE) end();                                 \
    return done

ssize_t write(int descriptor, const void *content, size_t size)
{
#define CALL(n) REAL(write)(descriptor, content, n)
    WRITE(descriptor, size, CALL);
#undef CALL
}

ssize_t pwrite(int descriptor, const void *content, size_t size, off_t offset)
{
#define CALL(n) REAL(pwrite)(descriptor, content, n, offset)
    WRITE(descriptor, size, CALL);
#undef CALL
}

ssize_t pwrite64(int descriptor, const void *content, size_t size, off64_t offset)
{
#define CALL(n) REAL(pwrite64)(descriptor, content, n, offset)
    WRITE(descriptor, size, CALL);
#undef CALL
}

/* A step that is done or not. */
#define STEP(counted, needs_space, call)       \
    if (!(counted)) return call;               \
    if (full && (needs_space)) return no_space(); \
    enum kind kind = turn();                   \
    if (kind == KILL) end();                   \
    if (kind == FULL && (needs_space)) return no_space(); \
    int done = call;                           \
    if (kind == LATE) end();                   \
    return done

int fsync(int descriptor) { STEP(is_counted(descriptor), 1, REAL(fsync)(descriptor)); }

int mkdir(const char *path, mode_t mode) { STEP(in_root(path), 1, REAL(mkdir)(path, mode)); }

int link(const char *from, const char *to) { STEP(in_root(to), 1, REAL(link)(from, to)); }

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags)
{
    STEP(in_root(to), 1, REAL(linkat)(from_folder, from, to_folder, to, flags));
}

int rename(const char *from, const char *to) { STEP(in_root(to), 0, REAL(rename)(from, to)); }

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
    STEP(in_root(to), 0, REAL(renameat2)(from_folder, from, to_folder, to, flags));
}

int unlink(const char *path) { STEP(in_root(path), 0, REAL(unlink)(path)); }
