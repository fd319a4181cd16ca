/*
 * Two SHA-256 at once. One digest is a chain in which each round waits for the last;
 * a processor with SHA instructions (Intel SHA extensions) has time for a second
 * chain in between, so two files take hardly longer than one. Elsewhere, and should
 * the result ever not be OpenSSL's, both go through OpenSSL one after the other.
 */
#include "base/base.h"

#include <pthread.h>

#define BLOCK 64
#define LANES 2

/* FIPS 180-4, section 5.3.3. */
static const uint32_t initial[8] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

struct lane {
	uint32_t state[8];
	uint8_t rest[BLOCK]; /* begun and not full */
	uint64_t total;
	struct hasher *slow; /* instead of all that */
};

struct hash_two {
	struct lane lanes[LANES];
};

/* ---- blocks ---------------------------------------------------------- */

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

#define WITH_SHA __attribute__((target("sha,sse4.1,ssse3")))

/* FIPS 180-4, section 4.2.2. */
static const uint32_t constants[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
    0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
    0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
    0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
    0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
    0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
    0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
    0xc67178f2,
};

/* One lane in registers: the state as the instructions want it (words A B E F and
 * C D G H), and the last sixteen words of the message schedule. */
struct chain {
	__m128i abef, cdgh, words[4];
};

static inline WITH_SHA __m128i
load(const void *bytes)
{
	__m128i value;
	memcpy(&value, bytes, sizeof(value));
	return value;
}

static inline WITH_SHA void
chain_load(struct chain *chain, const uint32_t state[8])
{
	__m128i cdab = _mm_shuffle_epi32(load(state), 0xb1);
	__m128i efgh = _mm_shuffle_epi32(load(state + 4), 0x1b);
	chain->abef = _mm_alignr_epi8(cdab, efgh, 8);
	chain->cdgh = _mm_blend_epi16(efgh, cdab, 0xf0);
}

static inline WITH_SHA void
chain_store(const struct chain *chain, uint32_t state[8])
{
	__m128i feba = _mm_shuffle_epi32(chain->abef, 0x1b);
	__m128i dchg = _mm_shuffle_epi32(chain->cdgh, 0xb1);
	__m128i abcd = _mm_blend_epi16(feba, dchg, 0xf0);
	__m128i efgh = _mm_alignr_epi8(dchg, feba, 8);
	memcpy(state, &abcd, sizeof(abcd));
	memcpy(state + 4, &efgh, sizeof(efgh));
}

static inline WITH_SHA void
chain_read(struct chain *chain, const uint8_t *block)
{
	const __m128i big_endian =
	    _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
	for (size_t i = 0; i < 4; i++)
		chain->words[i] = _mm_shuffle_epi8(load(block + 16 * i), big_endian);
}

/* Rounds 4 * step to 4 * step + 3 (FIPS 180-4, section 6.2.2). */
static inline WITH_SHA void
chain_rounds(struct chain *chain, size_t step)
{
	__m128i *words = chain->words, *now = &words[step % 4];
	if (step >= 4) {
		const __m128i last = words[(step + 3) % 4];
		__m128i sum = _mm_sha256msg1_epu32(*now, words[(step + 1) % 4]);
		sum = _mm_add_epi32(sum,
				    _mm_alignr_epi8(last, words[(step + 2) % 4], 4));
		*now = _mm_sha256msg2_epu32(sum, last);
	}
	__m128i keyed = _mm_add_epi32(*now, load(constants + 4 * step));
	chain->cdgh = _mm_sha256rnds2_epu32(chain->cdgh, chain->abef, keyed);
	keyed = _mm_shuffle_epi32(keyed, 0x0e);
	chain->abef = _mm_sha256rnds2_epu32(chain->abef, chain->cdgh, keyed);
}

/* `count` blocks of one lane, or of both in turns when `other` is not NULL. */
static inline WITH_SHA __attribute__((always_inline)) void
blocks_run(uint32_t *state, const uint8_t *bytes, uint32_t *other_state,
	   const uint8_t *other, size_t count)
{
	struct chain a, b = {0};
	chain_load(&a, state);
	if (other != NULL)
		chain_load(&b, other_state);
	for (size_t i = 0; i < count; i++) {
		const struct chain a_before = a, b_before = b;
		chain_read(&a, bytes + BLOCK * i);
		if (other != NULL)
			chain_read(&b, other + BLOCK * i);
#pragma GCC unroll 16
		for (size_t step = 0; step < 16; step++) {
			chain_rounds(&a, step);
			if (other != NULL)
				chain_rounds(&b, step);
		}
		a.abef = _mm_add_epi32(a.abef, a_before.abef);
		a.cdgh = _mm_add_epi32(a.cdgh, a_before.cdgh);
		b.abef = _mm_add_epi32(b.abef, b_before.abef);
		b.cdgh = _mm_add_epi32(b.cdgh, b_before.cdgh);
	}
	chain_store(&a, state);
	if (other != NULL)
		chain_store(&b, other_state);
}

static WITH_SHA void
blocks_one(uint32_t *state, const uint8_t *bytes, size_t count)
{
	blocks_run(state, bytes, NULL, NULL, count);
}

static WITH_SHA void
blocks_two(struct lane *a, const uint8_t *a_bytes, struct lane *b,
	   const uint8_t *b_bytes, size_t count)
{
	blocks_run(a->state, a_bytes, b->state, b_bytes, count);
}

static bool
processor_can(void)
{
	unsigned a, b, c, d;
	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSSE3) || !(c & bit_SSE4_1))
		return false;
	return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA);
}

#else

static void
blocks_one(uint32_t *state, const uint8_t *bytes, size_t count)
{
	(void)state, (void)bytes, (void)count;
}

static void
blocks_two(struct lane *a, const uint8_t *a_bytes, struct lane *b,
	   const uint8_t *b_bytes, size_t count)
{
	(void)a, (void)a_bytes, (void)b, (void)b_bytes, (void)count;
}

static bool
processor_can(void)
{
	return false;
}

#endif

/* ---- lanes ----------------------------------------------------------- */

static void
lane_start(struct lane *lane)
{
	memcpy(lane->state, initial, sizeof(initial));
	lane->total = 0;
}

/* Take bytes until the begun block is full, if one is. */
static void
lane_fill(struct lane *lane, struct view *part)
{
	size_t begun = lane->total % BLOCK, wanted = BLOCK - begun;
	if (begun == 0)
		return;
	size_t count = part->size < wanted ? (size_t)part->size : wanted;
	if (count > 0)
		memcpy(lane->rest + begun, part->data, count);
	lane->total += count;
	*part = view_from(part, count);
	if (count == wanted)
		blocks_one(lane->state, lane->rest, 1);
}

/* `count` bytes, whole blocks all of them, were hashed. */
static void
lane_advance(struct lane *lane, struct view *part, size_t count)
{
	lane->total += count;
	*part = view_from(part, count);
}

/* What is left when no block is begun. */
static void
lane_finish(struct lane *lane, struct view *part)
{
	size_t blocks = (size_t)part->size / BLOCK;
	if (blocks > 0) {
		blocks_one(lane->state, part->data, blocks);
		lane_advance(lane, part, blocks * BLOCK);
	}
	if (part->size > 0)
		memcpy(lane->rest, part->data, (size_t)part->size);
	lane->total += part->size;
}

static void
lanes_update(struct lane *lanes, struct view *parts)
{
	lane_fill(&lanes[0], &parts[0]);
	lane_fill(&lanes[1], &parts[1]);
	uint64_t shorter = parts[0].size < parts[1].size ? parts[0].size : parts[1].size;
	size_t blocks = (size_t)shorter / BLOCK;
	if (blocks > 0) {
		blocks_two(&lanes[0], parts[0].data, &lanes[1], parts[1].data, blocks);
		lane_advance(&lanes[0], &parts[0], blocks * BLOCK);
		lane_advance(&lanes[1], &parts[1], blocks * BLOCK);
	}
	for (size_t i = 0; i < LANES; i++) {
		if (parts[i].size > 0)
			lane_finish(&lanes[i], &parts[i]);
	}
}

/* Padding (FIPS 180-4, section 5.1.1), and the state as bytes. */
static void
lane_final(struct lane *lane, struct sha256 *digest)
{
	uint64_t bits = lane->total * 8;
	uint8_t end[2 * BLOCK] = {0};
	size_t begun = lane->total % BLOCK;
	size_t size = begun + 1 + 8 <= BLOCK ? BLOCK : sizeof(end);
	memcpy(end, lane->rest, begun);
	end[begun] = 0x80;
	for (size_t i = 0; i < 8; i++)
		end[size - 1 - i] = (uint8_t)(bits >> (8 * i));
	blocks_one(lane->state, end, size / BLOCK);
	for (size_t i = 0; i < SHA256_SIZE; i++)
		digest->bytes[i] = (uint8_t)(lane->state[i / 4] >> (24 - 8 * (i % 4)));
	lane_start(lane);
}

/* ---- whether to ------------------------------------------------------ */

static bool can_two;

/* What every run proves before it believes in it: bytes of three lengths, in both
 * lanes, hash as OpenSSL says. */
static void
find_out(void)
{
	uint8_t bytes[1000];
	struct sha256 is, expected;
	bool fine = processor_can();
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * i + i / 7);
	for (size_t size = 0; fine && size < sizeof(bytes); size += 333) {
		struct lane lanes[LANES] = {0};
		struct view parts[LANES] = {view_of(bytes, size),
					    view_of(bytes + 1, size)};
		lane_start(&lanes[0]);
		lane_start(&lanes[1]);
		lanes_update(lanes, parts);
		for (size_t i = 0; i < LANES; i++) {
			lane_final(&lanes[i], &is);
			sha256_of(bytes + i, size, &expected);
			fine = fine && sha256_equal(&is, &expected);
		}
	}
	can_two = fine;
}

/* ---- what others see ------------------------------------------------- */

struct hash_two *
hash_two_new(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct hash_two *two = base_alloc(1, sizeof(*two));
	pthread_once(&once, find_out);
	for (size_t i = 0; i < LANES; i++) {
		lane_start(&two->lanes[i]);
		if (!can_two)
			two->lanes[i].slow = hasher_new();
	}
	return two;
}

void
hash_two_update(struct hash_two *two, const struct view *first,
		const struct view *second)
{
	struct view parts[LANES] = {*first, *second};
	if (two->lanes[0].slow == NULL) {
		lanes_update(two->lanes, parts);
		return;
	}
	for (size_t i = 0; i < LANES; i++) {
		if (parts[i].size > 0)
			hasher_update(two->lanes[i].slow, parts[i].data,
				      (size_t)parts[i].size);
	}
}

void
hash_two_final(struct hash_two *two, size_t lane, struct sha256 *digest)
{
	if (two->lanes[lane].slow != NULL)
		hasher_final(two->lanes[lane].slow, digest);
	else
		lane_final(&two->lanes[lane], digest);
}

void
hash_two_free(struct hash_two *two)
{
	if (two == NULL)
		return;
	for (size_t i = 0; i < LANES; i++)
		hasher_free(two->lanes[i].slow);
	free(two);
}

/* ---- many ------------------------------------------------------------ */

#define STEP (UINT64_C(1) << 20)

/* The part of a job that is hashed next; empty when it is all done. */
static struct view
job_step(const struct hash_job *job, uint64_t at)
{
	struct view part = {NULL, 0};
	if (job == NULL)
		return part;
	uint64_t left = job->view.size - at;
	view_sub(&job->view, at, left < STEP ? left : STEP, &part);
	return part;
}

int
sha256_of_many(const struct hash_job *jobs, size_t count, hash_progress *progress,
	       void *context, struct err *err)
{
	struct hash_two *two = hash_two_new();
	const struct hash_job *open[LANES] = {NULL, NULL};
	uint64_t at[LANES] = {0, 0};
	size_t next = 0;
	int result = 0;
	while (result == 0) {
		struct view parts[LANES];
		for (size_t i = 0; i < LANES; i++) {
			while (open[i] != NULL && at[i] == open[i]->view.size) {
				hash_two_final(two, i, open[i]->digest);
				open[i] = NULL;
			}
			if (open[i] == NULL && next < count) {
				open[i] = &jobs[next++];
				at[i] = 0;
			}
			parts[i] = job_step(open[i], at[i]);
			at[i] += parts[i].size;
		}
		if (open[0] == NULL && open[1] == NULL)
			break;
		hash_two_update(two, &parts[0], &parts[1]);
		result = progress(context, parts[0].size + parts[1].size, err);
	}
	hash_two_free(two);
	return result;
}
