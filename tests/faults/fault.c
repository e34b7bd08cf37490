/* Makes one call of the system fail, or ends the process at it. Preloaded into aecodec.

   Counted are the calls that write, name or sync something in the folder FAULT_ROOT. At call number FAULT_AT,
     FAULT_KIND=kill   ends the process, after half of the bytes are written;
     FAULT_KIND=term   sends SIGTERM, and does the call;
     FAULT_KIND=full   fills the disk: half is written, and all later writes fail.
   FAULT_LOG is a file that gets a byte for each counted call. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum kind { NONE, KILL, TERM, FULL };

static long calls;
static int full;

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
    return in_root(path);
}

/* The fault of this call, if it is its turn. */
static enum kind turn(void)
{
    const char *log = getenv("FAULT_LOG"), *at = getenv("FAULT_AT"), *kind = getenv("FAULT_KIND");
    if (log) {
        int descriptor = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_APPEND | O_CREAT, 0600);
        syscall(SYS_write, descriptor, ".", 1);
        close(descriptor);
    }
    if (__sync_add_and_fetch(&calls, 1) != (at ? atol(at) : 0) || !kind) return NONE;
    if (kind[0] == 't') kill(getpid(), SIGTERM);
    full |= kind[0] == 'f';
    return kind[0] == 'k' ? KILL : kind[0] == 'f' ? FULL : TERM;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int no_space(void)
{
    errno = ENOSPC;
    return -1;
}

/* A write: `call` writes a number of bytes. */
#define WRITE(descriptor, size, call)                                    \
    if (!is_counted(descriptor)) return call(size);                      \
    if (full) return no_space();                                         \
    enum kind kind = turn();                                             \
    if (kind == KILL && call((size) / 2) >= 0) kill(getpid(), SIGKILL);  \
    if (kind == FULL) return (size) > 1 ? call((size) / 2) : no_space(); \
    return call(size)

/* A step that is done or not. */
#define STEP(counted, needs_space, call)                  \
    if (!(counted)) return call;                          \
    if (full && (needs_space)) return no_space();         \
    enum kind kind = turn();                              \
    if (kind == KILL) kill(getpid(), SIGKILL);            \
    if (kind == FULL && (needs_space)) return no_space(); \
    return call

#define WHOLE(n) REAL(write)(descriptor, content, n)
ssize_t write(int descriptor, const void *content, size_t size) { WRITE(descriptor, size, WHOLE); }

int fsync(int descriptor) { STEP(is_counted(descriptor), 1, REAL(fsync)(descriptor)); }

int mkdir(const char *path, mode_t mode) { STEP(in_root(path), 1, REAL(mkdir)(path, mode)); }

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags)
{
    STEP(in_root(to), 1, REAL(linkat)(from_folder, from, to_folder, to, flags));
}

int link(const char *from, const char *to) { STEP(in_root(to), 1, REAL(link)(from, to)); }

int rename(const char *from, const char *to) { STEP(in_root(to), 0, REAL(rename)(from, to)); }

int unlink(const char *path) { STEP(in_root(path), 0, REAL(unlink)(path)); }
