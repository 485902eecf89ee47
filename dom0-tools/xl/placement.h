/* SPDX-License-Identifier: MIT */
/*
 * Where and how much a domain runs: its CPU pool, the affinity of its vCPUs, weight and cap; from
 * its configuration into the hypervisor, and back into the configuration that is kept of it.
 */
#ifndef DOM0_XL_PLACEMENT_H
#define DOM0_XL_PLACEMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "dom0-tools/xl/control.h"
#include "dom0-tools/xl/cpu_list.h"
#include "dom0-tools/xl/domain_config.h"

/* The host's CPUs, for lists of them. A failure is reported. */
bool host_cpus_read(struct control *control, struct host_cpus *host);

/*
 * Whether a domain of this configuration can be placed: its pool exists and has CPUs, the CPUs it
 * names exist and are in the pool. Sets *pool to the pool's id. Every failure is reported.
 */
bool placement_check(struct control *control, const struct domain_config *config, uint32_t *pool);
/* Applies the configuration to the domain, which has its vCPUs and its pool. Reports failures. */
bool placement_apply(struct control *control, const struct domain_config *config, uint32_t domid);

/* The affinity of one vCPU. */
struct affinity {
	struct cpu_set hard, soft;
};

/* Of vCPUs 0..count-1, malloc'ed, as the hypervisor has it. NULL: reported, with name. */
struct affinity *placement_affinities(struct control *control, const char *name, uint32_t domid,
				      uint32_t count, const struct host_cpus *host);
/*
 * Sets what flags (XEN_VCPUAFFINITY_*) say for a vCPU; *unreachable becomes true if none of its
 * soft CPUs can be used. 0 or a negative errno.
 */
int placement_pin(struct control *control, uint32_t domid, uint32_t vcpu, uint32_t flags,
		  const struct affinity *affinity, const struct host_cpus *host, bool *unreachable);

/*
 * Writes what is in force now into the domain's saved configuration, so that it holds after the
 * domain's restart too. Nothing happens for a domain that has none; a failure is a note, as the
 * change itself is done.
 */
void placement_remember(struct control *control, uint32_t domid);
/* The same for the number of vCPUs, which only its xenstore nodes tell. */
void placement_remember_vcpus(struct control *control, uint32_t domid, uint32_t vcpus);

#endif
