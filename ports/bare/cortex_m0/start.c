extern char stack_top[];

void start(void);

__attribute__((naked)) void start(void) {
    __asm volatile("ldr r0, =stack_top\n mov sp, r0\n bl bench\n");
}
