/* SPDX-License-Identifier: MIT */
/* Starting a vCPU on the kernel's page table, and the ports that it waits for. */
#include <public/sched.h>
#include <public/vcpu.h>

#include "frontends/runtime/hypercall.h"
#include "frontends/runtime/memory.h"
#include "frontends/runtime/runtime.h"
#include "frontends/runtime/vcpu.h"
#include "lib/bitops.h"

int vcpu_start(unsigned int id, void (*fn)(void), void *stack_end)
{
	static struct vcpu_guest_context context;
	int rc;

	if (id >= XEN_LEGACY_MAX_VCPUS)
		return -EINVAL;
	/* As after a call: the stack holds a return address. */
	context = (struct vcpu_guest_context){
		.flags = VGCF_IN_KERNEL,
		.user_regs = { .rip = (uint64_t)fn,
			       .cs = FLAT_KERNEL_CS,
			       .ss = FLAT_KERNEL_SS,
			       .rsp = (uint64_t)stack_end - 8 },
		.kernel_ss = FLAT_KERNEL_SS,
		.kernel_sp = (uint64_t)stack_end,
		.ctrlreg = { [3] = xen_pfn_to_cr3(virt_to_mfn_guest((void *)start_info.pt_base)) },
	};
	WRITE_ONCE(shared_info->vcpu_info[id].evtchn_upcall_mask, 1);
	rc = (int)hypercall(vcpu_op, VCPUOP_initialise, id, &context, 0);
	return rc ? rc : (int)hypercall(vcpu_op, VCPUOP_up, id, 0, 0);
}

int vcpu_port(unsigned int id)
{
	struct evtchn_bind_ipi op = { .vcpu = id };
	long rc = hypercall(event_channel_op, EVTCHNOP_bind_ipi, &op, 0, 0);

	return rc ? (int)rc : (int)op.port;
}

void vcpu_poll(evtchn_port_t port)
{
	struct sched_poll op = { .nr_ports = 1 };

	op.ports = &port;
	while (!test_and_clear_bit(port, shared_info->evtchn_pending))
		hypercall(sched_op, SCHEDOP_poll, &op, 0, 0);
}
