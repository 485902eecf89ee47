/* SPDX-License-Identifier: MIT */
/* The CPUs besides the boot CPU. */
#ifndef CPU_SMP_H
#define CPU_SMP_H

/*
 * Boot: starts the CPUs that the MADT lists, up to maxcpus=; afterwards they are in cpu_online_map
 * and schedule. One that does not come up is reported and left out.
 */
void smp_init(void);
/* For panic(): every other CPU stops where it is, also with interrupts off. */
void smp_stop_others(void);
/* In the NMI handler: does not return if smp_stop_others() has been called. */
void smp_stop_if_asked(void);

#endif
