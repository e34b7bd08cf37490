/* SPDX-License-Identifier: Apache-2.0 */
/* A Cortex-M board without a C library: start-up code, and the UART of Arm's MPS2 boards, which
 * qemu-system-arm has, as the serial line of an exported main.c. What a picture took is measured, and
 * reported through semihosting, which debuggers and qemu implement. */
#include <stddef.h>
#include <stdint.h>

int main(void);
size_t receive(void *content, size_t size);
int transmit(const void *content, size_t size);
void reset(void);

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

/* ---- the serial line ---- */

typedef struct {
    volatile uint32_t data, state, control, interrupt, divider;
} uart;

enum { OUTPUT_IS_FULL = 1, INPUT_IS_FULL = 2, BOTH_WAYS = 3, FASTEST = 16 };

static uart *const line = (uart *)0x40004000;

/* The clock that counts down from 2^24, at 25 MHz. With -icount shift=0, qemu runs an instruction in a
 * nanosecond, so that 40 of them are one step of the clock. */
typedef struct {
    volatile uint32_t control, reload, value;
} clock;

enum { CLOCK_RUNS = 5, MOST_STEPS = 0xffffff, INSTRUCTIONS_PER_STEP = 40 };

static clock *const ticks = (clock *)0xe000e010;
static uint32_t started, instructions;

size_t receive(void *content, size_t size)
{
    uint8_t *to = content;
    for (size_t n = 0; n < size; n++) {
        while (!(line->state & INPUT_IS_FULL)) {
        }
        to[n] = (uint8_t)line->data;
    }
    started = ticks->value;
    return size;
}

int transmit(const void *content, size_t size)
{
    const uint8_t *from = content;
    instructions = ((started - ticks->value) & MOST_STEPS) * INSTRUCTIONS_PER_STEP;
    while (size-- > 0) {
        while (line->state & OUTPUT_IS_FULL) {
        }
        line->data = *from++;
    }
    return 1;
}

static void start_devices(void)
{
    line->divider = FASTEST;
    line->control = BOTH_WAYS;
    ticks->reload = MOST_STEPS;
    ticks->control = CLOCK_RUNS;
}

/* ---- reports ---- */

static void report(const char *name, uintptr_t length, uint32_t number)
{
    char text[12];
    int at = 12;
    text[--at] = '\n';
    for (; number || at == 11; number /= 10) {
        text[--at] = (char)('0' + number % 10);
    }
    write_file(name, length, text + at, (size_t)(12 - at));
}

static uint32_t stack_used(void)
{
    const uint32_t *untouched = stack_bottom;
    while (untouched < stack_top && *untouched == UNUSED) {
        untouched++;
    }
    return (uint32_t)((const char *)stack_top - (const char *)untouched);
}

/* ---- start-up code ---- */

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
    start_devices();
    end[1] = (uintptr_t)main();
    report("stack.txt", 9, stack_used());
    report("instructions.txt", 16, instructions);
    ask_host(EXIT, end);
    for (;;) {
    }
}

__attribute__((section(".vectors"), used)) static const struct {
    uint32_t *stack;
    void (*reset)(void);
} vectors = {stack_top, reset};
