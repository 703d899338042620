# Sourced by build.sh, see cortex_m0/settings.sh. QEMU's virt.
kernels=riscv
tools=riscv64-unknown-elf-
flags=(-march=rv32imc -mabi=ilp32 -misa-spec=2.2 -mcmodel=medany -msmall-data-limit=0 --specs=picolibc.specs)
link=(-T "$here/qemu.ld" -Wl,--defsym=CODE=0x80000000,--defsym=DATA=0x80100000)
start="rv32imc/start.S rv32imc/stopped.c"
packages=(riscv64-unknown-elf-gcc:gcc-riscv64-unknown-elf riscv64-unknown-elf-gcc/picolibc.specs:picolibc-riscv64-unknown-elf)
