# Sourced by build.sh, see cortex_m0/settings.sh. QEMU's xtensa "sim", whose memory lies from 0 on. With MULSH: start.S
# computes it.
kernels=xtensa
tools=$("$root/ports/xtensa/toolchain.sh" lx6)
flags=(-DUPYML_MULSH=1 -mlongcalls -mtext-section-literals -isystem "$root/build/xtensa/tools/usr/lib/xtensa-lx106-elf/include")
link=(-nostdlib -Wl,--fatal-warnings,--no-warn-rwx-segments -T "$here/qemu.ld" -Wl,--defsym=CODE=0x2000,--defsym=DATA=0x100000
    -Wl,--section-start=.reset=0xfe000000,-u,reset)
start="lx6/start.S lx6/memory.c ../xtensa/multiply.c"
packages=(qemu-system-xtensa:qemu-system-misc)
