/* SPDX-License-Identifier: MIT */
/* CPUID as lists of leaves: complete, sorted, and nothing but the differences set. */
#include "../xen-core/host.h"

#include <stdlib.h>
#include <string.h>

#include <public/domctl.h>
#include <public/sysctl.h>

#include "lib/errno.h"
#include "ops/domctl.h"
#include "ops/sysctl.h"
#include "pv/cpuid.h"

#define ROOM 128

static struct domain *d0, *d1;
static struct cpuid_leaf_policy set[8];
static unsigned int sets;

/* A processor with two caches, one feature subleaf, three state components. */
void cpuid_guest(const struct vcpu *v, uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
	(void)v;
	memset(out, 0, 4 * sizeof(out[0]));
	switch (leaf) {
	case 0:
		out[0] = 0x16; /* more than is listed */
		break;
	case 1:
		out[2] = 0x80000001;
		break;
	case 4:
		out[0] = subleaf < 2 ? 1 : 0;
		break;
	case 0xd:
		out[0] = subleaf ? 0 : 7;
		break;
	case 0x80000000:
		out[0] = 0x80000008;
		break;
	default:
		break;
	}
}

int cpuid_set_leaf(struct domain *d, const struct cpuid_leaf_policy *leaf)
{
	assert_ptr_equal(d, d1);
	set[sets++] = *leaf;
	return 0;
}

static int setup(void **state)
{
	(void)state;
	d0 = host_domain_new(0, 1, true);
	d1 = host_domain_new(1, 1, false);
	host_run(d0);
	sets = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	host_domain_free(d1);
	host_domain_free(d0);
	return 0;
}

static int get(xen_cpuid_leaf_t *leaves, uint32_t *n)
{
	struct xen_domctl op = { .u.cpu_policy = { .nr_leaves = *n, .leaves = leaves } };
	int rc = domctl_get_cpu_policy(d1, &op);

	*n = op.u.cpu_policy.nr_leaves;
	return rc;
}

static int set_policy(xen_cpuid_leaf_t *leaves, uint32_t n, struct xen_domctl *op)
{
	memset(op, 0, sizeof(*op));
	op->u.cpu_policy.nr_leaves = n;
	op->u.cpu_policy.leaves = leaves;
	return domctl_set_cpu_policy(d1, op);
}

static void a_list_is_complete_and_sorted(void **state)
{
	xen_cpuid_leaf_t leaves[ROOM] = { 0 };
	uint32_t n = ROOM, i, caches = 0, states = 0;

	(void)state;
	assert_int_equal(get(leaves, &n), 0);
	for (i = 0; i < n; i++) {
		caches += leaves[i].leaf == 4;
		states += leaves[i].leaf == 0xd;
		if (i)
			assert_true(leaves[i].leaf > leaves[i - 1].leaf ||
				    (leaves[i].leaf == leaves[i - 1].leaf &&
				     leaves[i].subleaf > leaves[i - 1].subleaf));
	}
	assert_int_equal(caches, 3); /* with the one that ends the list */
	assert_int_equal(states, 3);
	assert_int_equal(leaves[0].subleaf, XEN_CPUID_NO_SUBLEAF);
	assert_int_equal(leaves[n - 1].leaf, 0x80000008);
}

static void room_is_asked_for_and_respected(void **state)
{
	struct xen_sysctl op = { .u.cpu_policy.index = XEN_SYSCTL_cpu_policy_pv_default };
	xen_cpuid_leaf_t leaves[ROOM] = { 0 }, *small = calloc(3, sizeof(*small));
	uint32_t n = ROOM, all;

	(void)state;
	assert_int_equal(sysctl_get_cpu_policy(&op), 0);
	assert_int_equal(get(leaves, &n), 0);
	all = n;
	assert_true(op.u.cpu_policy.nr_leaves >= all);
	n = 3;
	assert_int_equal(get(small, &n), -ENOBUFS);
	assert_int_equal(n, all);
	assert_memory_equal(small, leaves, 3 * sizeof(*small));
	op.u.cpu_policy.index = XEN_SYSCTL_cpu_policy_hvm_max;
	assert_int_equal(sysctl_get_cpu_policy(&op), -EOPNOTSUPP);
	op.u.cpu_policy.index = 77;
	assert_int_equal(sysctl_get_cpu_policy(&op), -EINVAL);
	free(small);
}

static void only_differences_are_set(void **state)
{
	xen_cpuid_leaf_t leaves[ROOM] = { 0 };
	struct xen_domctl op;
	uint32_t n = ROOM;

	(void)state;
	assert_int_equal(get(leaves, &n), 0);
	assert_int_equal(set_policy(leaves, n, &op), 0);
	assert_int_equal(sets, 0);
	leaves[1].c &= ~1u;
	assert_int_equal(set_policy(leaves, n, &op), 0);
	assert_int_equal(sets, 1);
	assert_int_equal(set[0].leaf, 1);
	assert_int_equal(set[0].c, 0x80000000);
}

static void what_cannot_be_set_is_named(void **state)
{
	xen_cpuid_leaf_t leaf = { 0xd, 63, 0, 0, 0, 0 };
	xen_msr_entry_t msr = { .idx = 0x10a, .val = 1 };
	struct xen_domctl op;

	(void)state;
	assert_int_equal(set_policy(&leaf, 1, &op), -EINVAL);
	assert_int_equal(op.u.cpu_policy.err_leaf, 0xd);
	assert_int_equal(op.u.cpu_policy.err_subleaf, 63);
	leaf = (xen_cpuid_leaf_t){ .leaf = 0x20, .subleaf = XEN_CPUID_NO_SUBLEAF };
	assert_int_equal(set_policy(&leaf, 1, &op), -EINVAL);
	assert_int_equal(set_policy(&leaf, 1000, &op), -E2BIG);
	assert_int_equal(set_policy(NULL, 1, &op), -EFAULT);

	memset(&op, 0, sizeof(op));
	op.u.cpu_policy.msrs = &msr;
	op.u.cpu_policy.nr_msrs = 1;
	assert_int_equal(domctl_set_cpu_policy(d1, &op), 0);
	msr.idx = 0x10;
	assert_int_equal(domctl_set_cpu_policy(d1, &op), -EINVAL);
	assert_int_equal(op.u.cpu_policy.err_msr, 0x10);

	d1->creation_finished = true;
	assert_int_equal(set_policy(&leaf, 0, &op), -EBUSY);
	assert_int_equal(sets, 0);
}

static void a_featureset_fills_what_there_is_room_for(void **state)
{
	uint32_t words[32] = { 0 };
	struct xen_sysctl op = { .u.cpu_featureset = { .index = XEN_SYSCTL_cpu_featureset_pv,
						       .nr_features = 32,
						       .features = words } };

	(void)state;
	assert_int_equal(sysctl_get_cpu_featureset(&op), 0);
	assert_true(op.u.cpu_featureset.nr_features < 32);
	assert_int_equal(words[1], 0x80000001);
	words[1] = words[2] = 7;
	op.u.cpu_featureset.nr_features = 2;
	assert_int_equal(sysctl_get_cpu_featureset(&op), -ENOBUFS);
	assert_int_equal(words[1], 0x80000001);
	assert_int_equal(words[2], 7);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_list_is_complete_and_sorted),
		TEST(room_is_asked_for_and_respected),
		TEST(only_differences_are_set),
		TEST(what_cannot_be_set_is_named),
		TEST(a_featureset_fills_what_there_is_room_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
