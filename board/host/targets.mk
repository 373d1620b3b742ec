# SPDX-License-Identifier: Apache-2.0
# make ARCH=NAME: the prefix of Debian's cross compiler, Debian's name of the architecture, what musl
# calls the target, and the flags that choose the oldest machine of the family. An ARCH that is
# not here needs CROSS_COMPILE. -sf: for processors without an FPU, as in most routers; the kernel need not
# have its emulation then.
target-x86_64   := x86_64-linux-gnu-         amd64     x86_64-linux-musl
target-i386     := i686-linux-gnu-           i386      i386-linux-musl       -march=i486
target-armv7    := arm-linux-gnueabihf-      armhf     arm-linux-musleabihf  -march=armv7-a -mfpu=vfpv3-d16 -mfloat-abi=hard -mthumb
target-armv6    := arm-linux-gnueabi-        armel     arm-linux-musleabi    -march=armv6 -mfloat-abi=soft -marm
target-armv5    := arm-linux-gnueabi-        armel     arm-linux-musleabi    -march=armv5te -mfloat-abi=soft -marm
target-aarch64  := aarch64-linux-gnu-        arm64     aarch64-linux-musl
target-mipsel   := mipsel-linux-gnu-         mipsel    mipsel-linux-musl     -march=mips32r2
target-mips     := mips-linux-gnu-           mips      mips-linux-musl       -march=mips32r2
target-mipsel-sf := mipsel-linux-gnu-        mipsel    mipsel-linux-muslsf   -march=mips32r2 -msoft-float
target-mips-sf  := mips-linux-gnu-           mips      mips-linux-muslsf     -march=mips32r2 -msoft-float
target-mips64el := mips64el-linux-gnuabi64-  mips64el  mips64el-linux-musl   -march=mips64r2
target-riscv64  := riscv64-linux-gnu-        riscv64   riscv64-linux-musl
target-powerpc  := powerpc-linux-gnu-        powerpc   powerpc-linux-musl    -mlong-double-64
