
Contents of section .text:
 0000 0023c0e9 00137047 4268402a 70b50446  .#....pGBh@*p..F
 0010 0d4604d0 531c2244 63601572 70bd0146  .F..S."Dc`.rp..F
 0020 51f8083b de681868 b0470022 22440123  Q..;.h.h.G.""D.#
 0030 63601572 70bd00bf f8b50c78 e4b14268  c`.rp......x..Bh
 0040 0d460646 07e01346 33440132 72601c72  .F.F...F3D.2r`.r
 0050 15f8014f 84b1402a f5d13146 51f8083b  ...O..@*..1FQ..;
 0060 df681868 b8470023 33440122 72601c72  .h.h.G.#3D."r`.r
 0070 15f8014f 002ceed1 f8bd00bf 2de9f041  ...O.,......-..A
 0080 84b001ae 194f0546 00243046 a7fb0123  .....O.F.$0F...#
 0090 db0803eb 8302a1eb 42028c46 3032bcf1  ........B..F02..
 00a0 090f00f8 012b04f1 01041946 eed86a68  .....+.....F..jh
 00b0 344406e0 13462b44 0132a642 6a601f72  4D...F+D.2.Bj`.r
 00c0 11d0402a 14f8017d f4d12946 51f8083b  ..@*...}..)FQ..;
 00d0 d3f80c80 1868c047 00232b44 0122a642  .....h.G.#+D.".B
 00e0 6a601f72 edd104b0 bde8f081 cdcccccc  j`.r............
 00f0 43682de9 f0410a09 1a4f402b be5c0446  Ch-..A...O@+.\.F
 0100 0d460ed0 01f00f05 5a1cc118 402a4260  .F......Z...@*B`
 0110 7d5d0e72 18d02244 02336360 1572bde8  }].r.."D.3c`.r..
 0120 f0810146 1a4651f8 083bd3f8 0c801868  ...F.FQ..;.....h
 0130 c04705f0 0f050122 22447d5d 26720223  .G.....""D}]&r.#
 0140 63601572 bde8f081 014651f8 083bde68  c`.r.....FQ..;.h
 0150 1868b047 00222244 01236360 1572bde8  .h.G.""D.#c`.r..
 0160 f08100bf 00000000 38b50446 0649fff7  ........8..F.I..
 0170 feff6268 3ab12146 51f8083b dd681868  ..bh:.!FQ..;.h.h
 0180 a8470023 636038bd 00000000 38b50446  .G.#c`8.....8..F
 0190 fff7feff 07492046 fff7feff 62683ab1  .....I F....bh:.
 01a0 214651f8 083bdd68 1868a847 00236360  !FQ..;.h.h.G.#c`
 01b0 38bd00bf 00000000 70b51646 04461d46  8.......p..F.F.F
 01c0 fff7feff 31462046 fff7feff 29462046  ....1F F....)F F
 01d0 fff7feff 07492046 fff7feff 62683ab1  .....I F....bh:.
 01e0 214651f8 083bdd68 1868a847 00236360  !FQ..;.h.h.G.#c`
 01f0 70bd00bf 00000000                    p.......        
Contents of section .rodata:
 0000 30313233 34353637 38396162 63646566  0123456789abcdef
 0010 00                                   .               

Disassembly of section .text:

00000000 <ww_text_init>:
   0:	2300      	movs	r3, #0
   2:	e9c0 1300 	strd	r1, r3, [r0]
   6:	4770      	bx	lr

00000008 <ww_text_char>:
   8:	6842      	ldr	r2, [r0, #4]
   a:	2a40      	cmp	r2, #64	@ 0x40
   c:	b570      	push	{r4, r5, r6, lr}
   e:	4604      	mov	r4, r0
  10:	460d      	mov	r5, r1
  12:	d004      	beq.n	1e <ww_text_char+0x16>
  14:	1c53      	adds	r3, r2, #1
  16:	4422      	add	r2, r4
  18:	6063      	str	r3, [r4, #4]
  1a:	7215      	strb	r5, [r2, #8]
  1c:	bd70      	pop	{r4, r5, r6, pc}
  1e:	4601      	mov	r1, r0
  20:	f851 3b08 	ldr.w	r3, [r1], #8
  24:	68de      	ldr	r6, [r3, #12]
  26:	6818      	ldr	r0, [r3, #0]
  28:	47b0      	blx	r6
  2a:	2200      	movs	r2, #0
  2c:	4422      	add	r2, r4
  2e:	2301      	movs	r3, #1
  30:	6063      	str	r3, [r4, #4]
  32:	7215      	strb	r5, [r2, #8]
  34:	bd70      	pop	{r4, r5, r6, pc}
  36:	bf00      	nop

00000038 <ww_text_string>:
  38:	b5f8      	push	{r3, r4, r5, r6, r7, lr}
  3a:	780c      	ldrb	r4, [r1, #0]
  3c:	b1e4      	cbz	r4, 78 <ww_text_string+0x40>
  3e:	6842      	ldr	r2, [r0, #4]
  40:	460d      	mov	r5, r1
  42:	4606      	mov	r6, r0
  44:	e007      	b.n	56 <ww_text_string+0x1e>
  46:	4613      	mov	r3, r2
  48:	4433      	add	r3, r6
  4a:	3201      	adds	r2, #1
  4c:	6072      	str	r2, [r6, #4]
  4e:	721c      	strb	r4, [r3, #8]
  50:	f815 4f01 	ldrb.w	r4, [r5, #1]!
  54:	b184      	cbz	r4, 78 <ww_text_string+0x40>
  56:	2a40      	cmp	r2, #64	@ 0x40
  58:	d1f5      	bne.n	46 <ww_text_string+0xe>
  5a:	4631      	mov	r1, r6
  5c:	f851 3b08 	ldr.w	r3, [r1], #8
  60:	68df      	ldr	r7, [r3, #12]
  62:	6818      	ldr	r0, [r3, #0]
  64:	47b8      	blx	r7
  66:	2300      	movs	r3, #0
  68:	4433      	add	r3, r6
  6a:	2201      	movs	r2, #1
  6c:	6072      	str	r2, [r6, #4]
  6e:	721c      	strb	r4, [r3, #8]
  70:	f815 4f01 	ldrb.w	r4, [r5, #1]!
  74:	2c00      	cmp	r4, #0
  76:	d1ee      	bne.n	56 <ww_text_string+0x1e>
  78:	bdf8      	pop	{r3, r4, r5, r6, r7, pc}
  7a:	bf00      	nop

0000007c <ww_text_decimal>:
  7c:	e92d 41f0 	stmdb	sp!, {r4, r5, r6, r7, r8, lr}
  80:	b084      	sub	sp, #16
  82:	ae01      	add	r6, sp, #4
  84:	4f19      	ldr	r7, [pc, #100]	@ (ec <ww_text_decimal+0x70>)
  86:	4605      	mov	r5, r0
  88:	2400      	movs	r4, #0
  8a:	4630      	mov	r0, r6
  8c:	fba7 2301 	umull	r2, r3, r7, r1
  90:	08db      	lsrs	r3, r3, #3
  92:	eb03 0283 	add.w	r2, r3, r3, lsl #2
  96:	eba1 0242 	sub.w	r2, r1, r2, lsl #1
  9a:	468c      	mov	ip, r1
  9c:	3230      	adds	r2, #48	@ 0x30
  9e:	f1bc 0f09 	cmp.w	ip, #9
  a2:	f800 2b01 	strb.w	r2, [r0], #1
  a6:	f104 0401 	add.w	r4, r4, #1
  aa:	4619      	mov	r1, r3
  ac:	d8ee      	bhi.n	8c <ww_text_decimal+0x10>
  ae:	686a      	ldr	r2, [r5, #4]
  b0:	4434      	add	r4, r6
  b2:	e006      	b.n	c2 <ww_text_decimal+0x46>
  b4:	4613      	mov	r3, r2
  b6:	442b      	add	r3, r5
  b8:	3201      	adds	r2, #1
  ba:	42a6      	cmp	r6, r4
  bc:	606a      	str	r2, [r5, #4]
  be:	721f      	strb	r7, [r3, #8]
  c0:	d011      	beq.n	e6 <ww_text_decimal+0x6a>
  c2:	2a40      	cmp	r2, #64	@ 0x40
  c4:	f814 7d01 	ldrb.w	r7, [r4, #-1]!
  c8:	d1f4      	bne.n	b4 <ww_text_decimal+0x38>
  ca:	4629      	mov	r1, r5
  cc:	f851 3b08 	ldr.w	r3, [r1], #8
  d0:	f8d3 800c 	ldr.w	r8, [r3, #12]
  d4:	6818      	ldr	r0, [r3, #0]
  d6:	47c0      	blx	r8
  d8:	2300      	movs	r3, #0
  da:	442b      	add	r3, r5
  dc:	2201      	movs	r2, #1
  de:	42a6      	cmp	r6, r4
  e0:	606a      	str	r2, [r5, #4]
  e2:	721f      	strb	r7, [r3, #8]
  e4:	d1ed      	bne.n	c2 <ww_text_decimal+0x46>
  e6:	b004      	add	sp, #16
  e8:	e8bd 81f0 	ldmia.w	sp!, {r4, r5, r6, r7, r8, pc}
  ec:	cccccccd 	.word	0xcccccccd

000000f0 <ww_text_hex>:
  f0:	6843      	ldr	r3, [r0, #4]
  f2:	e92d 41f0 	stmdb	sp!, {r4, r5, r6, r7, r8, lr}
  f6:	090a      	lsrs	r2, r1, #4
  f8:	4f1a      	ldr	r7, [pc, #104]	@ (164 <ww_text_hex+0x74>)
  fa:	2b40      	cmp	r3, #64	@ 0x40
  fc:	5cbe      	ldrb	r6, [r7, r2]
  fe:	4604      	mov	r4, r0
 100:	460d      	mov	r5, r1
 102:	d00e      	beq.n	122 <ww_text_hex+0x32>
 104:	f001 050f 	and.w	r5, r1, #15
 108:	1c5a      	adds	r2, r3, #1
 10a:	18c1      	adds	r1, r0, r3
 10c:	2a40      	cmp	r2, #64	@ 0x40
 10e:	6042      	str	r2, [r0, #4]
 110:	5d7d      	ldrb	r5, [r7, r5]
 112:	720e      	strb	r6, [r1, #8]
 114:	d018      	beq.n	148 <ww_text_hex+0x58>
 116:	4422      	add	r2, r4
 118:	3302      	adds	r3, #2
 11a:	6063      	str	r3, [r4, #4]
 11c:	7215      	strb	r5, [r2, #8]
 11e:	e8bd 81f0 	ldmia.w	sp!, {r4, r5, r6, r7, r8, pc}
 122:	4601      	mov	r1, r0
 124:	461a      	mov	r2, r3
 126:	f851 3b08 	ldr.w	r3, [r1], #8
 12a:	f8d3 800c 	ldr.w	r8, [r3, #12]
 12e:	6818      	ldr	r0, [r3, #0]
 130:	47c0      	blx	r8
 132:	f005 050f 	and.w	r5, r5, #15
 136:	2201      	movs	r2, #1
 138:	4422      	add	r2, r4
 13a:	5d7d      	ldrb	r5, [r7, r5]
 13c:	7226      	strb	r6, [r4, #8]
 13e:	2302      	movs	r3, #2
 140:	6063      	str	r3, [r4, #4]
 142:	7215      	strb	r5, [r2, #8]
 144:	e8bd 81f0 	ldmia.w	sp!, {r4, r5, r6, r7, r8, pc}
 148:	4601      	mov	r1, r0
 14a:	f851 3b08 	ldr.w	r3, [r1], #8
 14e:	68de      	ldr	r6, [r3, #12]
 150:	6818      	ldr	r0, [r3, #0]
 152:	47b0      	blx	r6
 154:	2200      	movs	r2, #0
 156:	4422      	add	r2, r4
 158:	2301      	movs	r3, #1
 15a:	6063      	str	r3, [r4, #4]
 15c:	7215      	strb	r5, [r2, #8]
 15e:	e8bd 81f0 	ldmia.w	sp!, {r4, r5, r6, r7, r8, pc}
 162:	bf00      	nop
 164:	00000000 	.word	0x00000000

00000168 <ww_text_end_line>:
 168:	b538      	push	{r3, r4, r5, lr}
 16a:	4604      	mov	r4, r0
 16c:	4906      	ldr	r1, [pc, #24]	@ (188 <ww_text_end_line+0x20>)
 16e:	f7ff fffe 	bl	38 <ww_text_string>
 172:	6862      	ldr	r2, [r4, #4]
 174:	b13a      	cbz	r2, 186 <ww_text_end_line+0x1e>
 176:	4621      	mov	r1, r4
 178:	f851 3b08 	ldr.w	r3, [r1], #8
 17c:	68dd      	ldr	r5, [r3, #12]
 17e:	6818      	ldr	r0, [r3, #0]
 180:	47a8      	blx	r5
 182:	2300      	movs	r3, #0
 184:	6063      	str	r3, [r4, #4]
 186:	bd38      	pop	{r3, r4, r5, pc}
 188:	00000000 	.word	0x00000000

0000018c <ww_text_line>:
 18c:	b538      	push	{r3, r4, r5, lr}
 18e:	4604      	mov	r4, r0
 190:	f7ff fffe 	bl	38 <ww_text_string>
 194:	4907      	ldr	r1, [pc, #28]	@ (1b4 <ww_text_line+0x28>)
 196:	4620      	mov	r0, r4
 198:	f7ff fffe 	bl	38 <ww_text_string>
 19c:	6862      	ldr	r2, [r4, #4]
 19e:	b13a      	cbz	r2, 1b0 <ww_text_line+0x24>
 1a0:	4621      	mov	r1, r4
 1a2:	f851 3b08 	ldr.w	r3, [r1], #8
 1a6:	68dd      	ldr	r5, [r3, #12]
 1a8:	6818      	ldr	r0, [r3, #0]
 1aa:	47a8      	blx	r5
 1ac:	2300      	movs	r3, #0
 1ae:	6063      	str	r3, [r4, #4]
 1b0:	bd38      	pop	{r3, r4, r5, pc}
 1b2:	bf00      	nop
 1b4:	00000000 	.word	0x00000000

000001b8 <ww_text_value_line>:
 1b8:	b570      	push	{r4, r5, r6, lr}
 1ba:	4616      	mov	r6, r2
 1bc:	4604      	mov	r4, r0
 1be:	461d      	mov	r5, r3
 1c0:	f7ff fffe 	bl	38 <ww_text_string>
 1c4:	4631      	mov	r1, r6
 1c6:	4620      	mov	r0, r4
 1c8:	f7ff fffe 	bl	7c <ww_text_decimal>
 1cc:	4629      	mov	r1, r5
 1ce:	4620      	mov	r0, r4
 1d0:	f7ff fffe 	bl	38 <ww_text_string>
 1d4:	4907      	ldr	r1, [pc, #28]	@ (1f4 <ww_text_value_line+0x3c>)
 1d6:	4620      	mov	r0, r4
 1d8:	f7ff fffe 	bl	38 <ww_text_string>
 1dc:	6862      	ldr	r2, [r4, #4]
 1de:	b13a      	cbz	r2, 1f0 <ww_text_value_line+0x38>
 1e0:	4621      	mov	r1, r4
 1e2:	f851 3b08 	ldr.w	r3, [r1], #8
 1e6:	68dd      	ldr	r5, [r3, #12]
 1e8:	6818      	ldr	r0, [r3, #0]
 1ea:	47a8      	blx	r5
 1ec:	2300      	movs	r3, #0
 1ee:	6063      	str	r3, [r4, #4]
 1f0:	bd70      	pop	{r4, r5, r6, pc}
 1f2:	bf00      	nop
 1f4:	00000000 	.word	0x00000000

Disassembly of section .rodata:

00000000 <digits.0>:
   0:	33323130 37363534 62613938 66656463     0123456789abcdef
	...
