/* SPDX-License-Identifier: MIT */
/*
 * CPUID as lists of leaves: what the toolstack reads of the host's and of a domain's policy, and
 * how it changes a domain's. Lists are sorted by leaf and subleaf.
 */
#include <public/arch-x86.h>

#include "core/domain.h"
#include "cpu/asm.h"
#include "cpu/percpu.h"
#include "lib/errno.h"
#include "mm/guest_access.h"
#include "ops/domctl.h"
#include "ops/sysctl.h"
#include "pv/cpuid.h"

#define LEAVES_MAX            128u /* upper bound of a list, as tools allocate it */
#define MSRS_MAX              2u
#define MSR_PLATFORM_INFO     0x0ceu
#define MSR_ARCH_CAPABILITIES 0x10au
#define FEATURE_WORDS         19u
#define BASIC_LAST            0x0du
#define EXTENDED_FIRST        0x80000000u
#define EXTENDED_LAST         0x80000021u
#define CACHE_SUBLEAVES       6u
#define FEATURE_SUBLEAVES     3u
#define TOPO_SUBLEAVES        2u
#define XSTATE_SUBLEAVES      63u

/* Whose CPUID: the host's own when v is NULL, else v's. */
struct source {
	const struct vcpu *v;
};

/* Stands for any unprivileged domain without a policy of its own. */
static struct domain default_domain = { .domain_id = DOMID_INVALID };
static const struct vcpu default_vcpu = { .domain = &default_domain };

static void query(const struct source *src, uint32_t leaf, uint32_t subleaf, uint32_t r[4])
{
	if (src->v)
		cpuid_guest(src->v, leaf, subleaf, r);
	else
		cpuid_count(leaf, subleaf, r);
}

/* Where a list goes: to the guest's array, or nowhere while its length is asked for. */
struct sink {
	xen_cpuid_leaf_t *guest;
	uint32_t room, count;
};

static int put(struct sink *sink, const xen_cpuid_leaf_t *l)
{
	uint32_t at = sink->count++;

	return at < sink->room ? copy_to_guest_offset(sink->guest, at, l, 1) : 0;
}

static int emit(const struct source *src, struct sink *sink, uint32_t leaf, uint32_t subleaf)
{
	uint32_t r[4];

	query(src, leaf, subleaf == XEN_CPUID_NO_SUBLEAF ? 0 : subleaf, r);
	return put(sink, &(xen_cpuid_leaf_t){ leaf, subleaf, r[0], r[1], r[2], r[3] });
}

/*
 * Two entries that tools expect in every list: the highest leaves of the hypervisor's own ranges, 0
 * for the default.
 */
static int emit_hypervisor_limits(struct sink *sink)
{
	xen_cpuid_leaf_t l = { .leaf = XEN_CPUID_FIRST_LEAF, .subleaf = XEN_CPUID_NO_SUBLEAF };
	int rc = put(sink, &l);

	l.leaf += 0x100;
	return rc ? rc : put(sink, &l);
}

static bool has_subleaf(const struct source *src, uint32_t leaf, uint32_t subleaf)
{
	uint32_t r[4];

	switch (leaf) {
	case 0x4: /* until a cache of type 0, which is still listed */
		if (subleaf == 0)
			return true;
		query(src, leaf, subleaf - 1, r);
		return r[0] & 0x1f;
	case 0x7: /* eax of subleaf 0: the last one */
		query(src, leaf, 0, r);
		return subleaf <= r[0];
	case 0xd: /* 0 and 1, then up to the last state component */
		if (subleaf < 2)
			return true;
		query(src, leaf, 0, r);
		return ((uint64_t)r[3] << 32 | r[0]) >> subleaf;
	default:
		return true;
	}
}

static unsigned int subleaf_count(uint32_t leaf)
{
	switch (leaf) {
	case 0x4:
		return CACHE_SUBLEAVES;
	case 0x7:
		return FEATURE_SUBLEAVES;
	case 0xb:
		return TOPO_SUBLEAVES;
	case 0xd:
		return XSTATE_SUBLEAVES;
	default:
		return 0;
	}
}

static int emit_leaf(const struct source *src, struct sink *sink, uint32_t leaf)
{
	unsigned int n = subleaf_count(leaf), i;
	int rc = 0;

	if (!n)
		return emit(src, sink, leaf, XEN_CPUID_NO_SUBLEAF);
	for (i = 0; i < n && !rc; i++) {
		if (has_subleaf(src, leaf, i))
			rc = emit(src, sink, leaf, i);
	}
	return rc;
}

static int emit_all(const struct source *src, struct sink *sink)
{
	uint32_t r[4], leaf, last;
	int rc = 0;

	query(src, 0, 0, r);
	last = min(r[0], BASIC_LAST);
	for (leaf = 0; leaf <= last && !rc; leaf++)
		rc = emit_leaf(src, sink, leaf);
	if (!rc)
		rc = emit_hypervisor_limits(sink);
	query(src, EXTENDED_FIRST, 0, r);
	last = min(r[0], EXTENDED_LAST);
	for (leaf = EXTENDED_FIRST; leaf <= last && !rc; leaf++)
		rc = emit_leaf(src, sink, leaf);
	return rc;
}

/* Fills the caller's arrays; null arrays ask for the room that is needed at most. */
static int give_policy(const struct source *src, xen_cpuid_leaf_t *leaves, uint32_t *nr_leaves,
		       const xen_msr_entry_t *msrs, uint32_t *nr_msrs)
{
	struct sink sink = { .guest = leaves, .room = *nr_leaves };
	int rc;

	if (!leaves) {
		*nr_leaves = LEAVES_MAX;
	} else {
		rc = emit_all(src, &sink);
		if (rc)
			return rc;
		*nr_leaves = sink.count;
		if (sink.count > sink.room)
			return -ENOBUFS;
	}
	/* No MSR belongs to a policy here. */
	*nr_msrs = msrs ? 0 : MSRS_MAX;
	return 0;
}

int sysctl_get_cpu_policy(struct xen_sysctl *op)
{
	struct xen_sysctl_cpu_policy *p = &op->u.cpu_policy;
	struct source src = { NULL };

	switch (p->index) {
	case XEN_SYSCTL_cpu_policy_raw:
	case XEN_SYSCTL_cpu_policy_host:
		break;
	case XEN_SYSCTL_cpu_policy_pv_max:
	case XEN_SYSCTL_cpu_policy_pv_default:
		src.v = &default_vcpu;
		break;
	default:
		return p->index <= XEN_SYSCTL_cpu_policy_hvm_default ? -EOPNOTSUPP : -EINVAL;
	}
	return give_policy(&src, p->leaves, &p->nr_leaves, p->msrs, &p->nr_msrs);
}

int domctl_get_cpu_policy(struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_cpu_policy *p = &op->u.cpu_policy;
	/* Before it has a vCPU it cannot differ from the default. */
	struct source src = { d->vcpu[0] ? d->vcpu[0] : &default_vcpu };

	return give_policy(&src, p->leaves, &p->nr_leaves, p->msrs, &p->nr_msrs);
}

static bool leaf_settable(const xen_cpuid_leaf_t *l)
{
	unsigned int n = subleaf_count(l->leaf);

	if (l->leaf > BASIC_LAST && (l->leaf < EXTENDED_FIRST || l->leaf > EXTENDED_LAST))
		return false;
	return n ? l->subleaf < n : l->subleaf == XEN_CPUID_NO_SUBLEAF;
}

/* The hypervisor's own leaves in a list are taken note of by no one. */
static bool leaf_ignored(const xen_cpuid_leaf_t *l)
{
	return l->leaf >> 16 == XEN_CPUID_FIRST_LEAF >> 16;
}

static bool differs_from_default(const xen_cpuid_leaf_t *l)
{
	uint32_t r[4];

	cpuid_guest(&default_vcpu, l->leaf, l->subleaf == XEN_CPUID_NO_SUBLEAF ? 0 : l->subleaf, r);
	return l->a != r[0] || l->b != r[1] || l->c != r[2] || l->d != r[3];
}

/*
 * MSRs that describe the processor, as other hypervisors put them into a policy: they are checked
 * to be such, and PV guests read what msr_guest_read() tells them all the same.
 */
static int check_msrs(struct xen_domctl_cpu_policy *p)
{
	uint32_t i;

	for (i = 0; i < p->nr_msrs; i++) {
		xen_msr_entry_t msr;

		if (copy_from_guest_offset(&msr, p->msrs, i, 1))
			return -EFAULT;
		if (msr.flags ||
		    (msr.idx != MSR_PLATFORM_INFO && msr.idx != MSR_ARCH_CAPABILITIES)) {
			p->err_msr = msr.idx;
			return -EINVAL;
		}
	}
	return 0;
}

static int set_leaves(struct domain *d, struct xen_domctl_cpu_policy *p)
{
	uint32_t i;

	for (i = 0; i < p->nr_leaves; i++) {
		struct cpuid_leaf_policy policy;
		xen_cpuid_leaf_t l;
		int rc;

		if (copy_from_guest_offset(&l, p->leaves, i, 1))
			return -EFAULT;
		if (leaf_ignored(&l))
			continue;
		policy = (struct cpuid_leaf_policy){ l.leaf, l.subleaf, l.a, l.b, l.c, l.d };
		rc = !leaf_settable(&l)         ? -EINVAL
		     : differs_from_default(&l) ? cpuid_set_leaf(d, &policy)
						: 0;
		if (rc) {
			p->err_leaf = l.leaf;
			p->err_subleaf = l.subleaf;
			return rc;
		}
	}
	return 0;
}

int domctl_set_cpu_policy(struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_cpu_policy *p = &op->u.cpu_policy;
	int rc;

	p->err_leaf = p->err_subleaf = p->err_msr = ~0u;
	if (d == current->domain || READ_ONCE(d->creation_finished))
		return -EBUSY;
	if (p->nr_msrs > MSRS_MAX || p->nr_leaves > LEAVES_MAX)
		return -E2BIG;
	rc = check_msrs(p);
	return rc ? rc : set_leaves(d, p);
}

/* ---- featuresets ---- */

enum cpuid_register { EAX, EBX, ECX, EDX };

/* Where each word of a featureset comes from; words 16 and 17 are an MSR that is not offered. */
static const struct {
	uint32_t leaf, subleaf;
	enum cpuid_register reg;
} feature_words[FEATURE_WORDS] = {
	{ 1, 0, EDX },
	{ 1, 0, ECX },
	{ 0x80000001, 0, EDX },
	{ 0x80000001, 0, ECX },
	{ 0xd, 1, EAX },
	{ 7, 0, EBX },
	{ 7, 0, ECX },
	{ 0x80000007, 0, EDX },
	{ 0x80000008, 0, EBX },
	{ 7, 0, EDX },
	{ 7, 1, EAX },
	{ 0x80000021, 0, EAX },
	{ 7, 1, EBX },
	{ 7, 2, EDX },
	{ 7, 1, ECX },
	{ 7, 1, EDX },
	[18] = { 0x80000021, 0, ECX },
};

static uint32_t feature_word(const struct source *src, unsigned int i)
{
	uint32_t leaf = feature_words[i].leaf, r[4];

	if (!leaf)
		return 0;
	query(src, leaf & EXTENDED_FIRST, 0, r);
	if (r[0] < leaf)
		return 0;
	if (leaf == 7) {
		query(src, 7, 0, r);
		if (feature_words[i].subleaf > r[0])
			return 0;
	}
	query(src, leaf, feature_words[i].subleaf, r);
	return r[feature_words[i].reg];
}

void cpu_featureset_raw(uint32_t *words, unsigned int count)
{
	struct source host = { NULL };
	unsigned int i;

	for (i = 0; i < count; i++)
		words[i] = i < FEATURE_WORDS ? feature_word(&host, i) : 0;
}

int sysctl_get_cpu_featureset(struct xen_sysctl *op)
{
	struct xen_sysctl_cpu_featureset *fs = &op->u.cpu_featureset;
	struct source src = { NULL };
	uint32_t room = fs->nr_features;
	unsigned int i;

	switch (fs->index) {
	case XEN_SYSCTL_cpu_featureset_raw:
	case XEN_SYSCTL_cpu_featureset_host:
		break;
	case XEN_SYSCTL_cpu_featureset_pv:
	case XEN_SYSCTL_cpu_featureset_pv_max:
		src.v = &default_vcpu;
		break;
	default:
		return fs->index <= XEN_SYSCTL_cpu_featureset_hvm_max ? -EOPNOTSUPP : -EINVAL;
	}
	fs->nr_features = FEATURE_WORDS;
	if (!fs->features)
		return 0;
	for (i = 0; i < min(room, FEATURE_WORDS); i++) {
		uint32_t word = feature_word(&src, i);

		if (copy_to_guest_offset(fs->features, i, &word, 1))
			return -EFAULT;
	}
	return room < FEATURE_WORDS ? -ENOBUFS : 0;
}
