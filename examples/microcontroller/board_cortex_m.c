/* SPDX-License-Identifier: Apache-2.0 */
/* A Cortex-M board without a C library: start-up code, and files through semihosting, which debuggers and
 * qemu-system-arm implement. It also reports how much of the stack was used. */
#include <stdint.h>

#include "board.h"

int main(void);

extern uint32_t stack_bottom[], stack_top[], data_start[], data_end[], data_in_flash[], bss_start[],
    bss_end[];

enum { OPEN = 0x01, CLOSE = 0x02, WRITE = 0x05, EXIT = 0x20, FOR_WRITING = 5, EXIT_REASON = 0x20026 };

static const uint32_t UNUSED = 0x5a5a5a5au;

static int ask_host(int operation, const void *argument)
{
    register int r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static int write_file(const char *name, uintptr_t length, const void *content, size_t size)
{
    const uintptr_t opened[] = {(uintptr_t)name, FOR_WRITING, length};
    const uintptr_t handle[] = {(uintptr_t)ask_host(OPEN, opened)};
    const uintptr_t written[] = {handle[0], (uintptr_t)content, size};
    return ask_host(WRITE, written) == 0 && ask_host(CLOSE, handle) == 0;
}

int board_send(const void *content, size_t size)
{
    return write_file("made.aec", 8, content, size);
}

static void report_stack(void)
{
    const uint32_t *untouched = stack_bottom;
    uint32_t used;
    char text[12];
    int at = 12;
    while (untouched < stack_top && *untouched == UNUSED) {
        untouched++;
    }
    used = (uint32_t)((const char *)stack_top - (const char *)untouched);
    text[--at] = '\n';
    for (; used || at == 11; used /= 10) {
        text[--at] = (char)('0' + used % 10);
    }
    write_file("stack.txt", 9, text + at, (size_t)(12 - at));
}

void reset(void)
{
    uint32_t *word, *source = data_in_flash;
    uintptr_t end[2] = {EXIT_REASON, 0};
    for (word = data_start; word < data_end; word++) {
        *word = *source++;
    }
    for (word = bss_start; word < bss_end; word++) {
        *word = 0;
    }
    for (word = stack_bottom; word < (uint32_t *)__builtin_frame_address(0) - 16; word++) {
        *word = UNUSED;
    }
    end[1] = (uintptr_t)main();
    report_stack();
    ask_host(EXIT, end);
    for (;;) {
    }
}

__attribute__((section(".vectors"), used)) static const struct {
    uint32_t *stack;
    void (*reset)(void);
} vectors = {stack_top, reset};
