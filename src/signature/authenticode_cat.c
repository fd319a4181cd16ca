/*
 * Catalogues (.cat): a PKCS #7 whose content is a list of other files' digests, each
 * with what it is of. It vouches for these files and not for itself alone: which of
 * them are here is not looked for.
 *
 *	CertificateTrustList ::= SEQUENCE { usage, list identifier, time, algorithm,
 *		SEQUENCE OF SEQUENCE { tag OCTET STRING, SET OF attribute }, [0] more }
 *
 * A member's digest is in its attribute of the type SpcIndirectData.
 */
#include "signature/authenticode_private.h"

#define OID_LIST          "1.3.6.1.4.1.311.10.1"
#define OID_INDIRECT_DATA "1.3.6.1.4.1.311.2.1.4"

enum {
	MEMBERS_MOST = 1 << 20,
	ALGORITHMS_MOST = 8, /* that one catalogue uses */
};

struct counts {
	size_t members, without; /* without a digest that can be read */
	const struct digest_algorithm *algorithms[ALGORITHMS_MOST];
	size_t by_algorithm[ALGORITHMS_MOST];
};

/* The algorithm of the digest in an attribute's value; NULL: there is none. */
static const struct digest_algorithm *
digest_in(const struct der *values)
{
	struct view rest = values->value, unused;
	struct der data, type, info, digest;
	char oid[OID_TEXT];
	if (der_take(&rest, DER_SEQUENCE, &data) == -1)
		return NULL;
	rest = data.value;
	if (der_take(&rest, DER_SEQUENCE, &type) == -1 ||
	    der_take(&rest, DER_SEQUENCE, &info) == -1)
		return NULL;
	rest = info.value;
	if (der_take_algorithm(&rest, oid, &unused) == -1 ||
	    der_take(&rest, DER_OCTET_STRING, &digest) == -1)
		return NULL;
	return digest_by_oid(oid);
}

/* The algorithm of a member's digest, among its attributes. */
static const struct digest_algorithm *
member_algorithm(const struct der *attributes)
{
	struct view rest = attributes->value;
	struct der attribute, values;
	char oid[OID_TEXT];
	while (der_take(&rest, DER_SEQUENCE, &attribute) == 0) {
		struct view inside = attribute.value;
		if (der_take_oid(&inside, oid) == 0 &&
		    strcmp(oid, OID_INDIRECT_DATA) == 0 &&
		    der_take(&inside, DER_SET, &values) == 0)
			return digest_in(&values);
	}
	return NULL;
}

static void
count_member(struct counts *counts, const struct digest_algorithm *algorithm)
{
	counts->members++;
	for (size_t i = 0; algorithm != NULL && i < ALGORITHMS_MOST; i++) {
		if (counts->algorithms[i] == NULL)
			counts->algorithms[i] = algorithm;
		if (counts->algorithms[i] == algorithm) {
			counts->by_algorithm[i]++;
			return;
		}
	}
	counts->without++;
}

/* Walk the list; -1 when it is none. */
static int
count_members(const struct view *content, struct counts *counts)
{
	struct view rest = *content;
	struct der skipped, list, member, tag, attributes;
	if (der_take(&rest, DER_SEQUENCE, &skipped) == -1)
		return -1;
	while (der_comes(&rest, DER_INTEGER) || der_comes(&rest, DER_OCTET_STRING))
		der_next(&rest, &skipped);
	if (der_next(&rest, &skipped) == -1 ||
	    der_take(&rest, DER_SEQUENCE, &skipped) == -1 ||
	    der_take(&rest, DER_SEQUENCE, &list) == -1)
		return -1;
	rest = list.value;
	while (rest.size > 0 && counts->members < MEMBERS_MOST) {
		if (der_take(&rest, DER_SEQUENCE, &member) == -1)
			return -1;
		struct view inside = member.value;
		if (der_take(&inside, DER_OCTET_STRING, &tag) == -1 ||
		    der_take(&inside, DER_SET, &attributes) == -1)
			return -1;
		count_member(counts, member_algorithm(&attributes));
	}
	return rest.size == 0 ? 0 : -1;
}

/* How many files the catalogue vouches for, and with what. */
static void
show_members(struct cms_entry *entry, const struct cms *cms)
{
	struct counts counts = {0};
	char number[32];
	if (cms->content.tag != DER_SEQUENCE ||
	    count_members(&cms->content.value, &counts) == -1) {
		judgement_add(&entry->found, SIGNATURE_INVALID,
			      "what was signed is no list of files");
		return;
	}
	snprintf(number, sizeof(number), "%zu", counts.members);
	signature_fact(entry->json, "members", number);
	for (size_t i = 0; i < ALGORITHMS_MOST && counts.algorithms[i] != NULL; i++) {
		const struct digest_algorithm *algorithm = counts.algorithms[i];
		char *name = base_format("members by %s", algorithm->name);
		snprintf(number, sizeof(number), "%zu", counts.by_algorithm[i]);
		signature_fact(entry->json, name, number);
		if (algorithm->weak)
			judgement_add(
			    &entry->found, SIGNATURE_WEAK,
			    "%s files are listed by %s alone, which is broken", number,
			    algorithm->name);
		free(name);
	}
	if (counts.without > 0)
		strings_addf(&entry->notes,
			     "%zu members have no digest that is known here",
			     counts.without);
	strings_add(&entry->notes,
		    "whether the listed files are those of the product was not looked "
		    "at");
}

static void
cat_check(struct authenticode *checking)
{
	checking->tops[checking->top_count++] = *checking->file;
	authenticode_signature(checking, checking->file, "0", "the whole file", NULL);
}

/* SignedData with that type of content, seen before any of it is trusted: the types
 * follow one another within the first bytes, after the digest algorithms. */
static bool
cat_knows(const struct view *file, const struct format *format)
{
	char oid[OID_TEXT];
	struct der info, wrapped, data, skipped;
	(void)format;
	struct view rest = *file;
	if (der_take(&rest, DER_SEQUENCE, &info) == -1)
		return false;
	rest = info.value;
	if (der_take_oid(&rest, oid) == -1 ||
	    der_take(&rest, DER_CONTEXT_CONSTRUCTED, &wrapped) == -1 ||
	    der_take(&wrapped.value, DER_SEQUENCE, &data) == -1)
		return false;
	rest = data.value;
	if (der_take(&rest, DER_INTEGER, &skipped) == -1 ||
	    der_take(&rest, DER_SET, &skipped) == -1 ||
	    der_take(&rest, DER_SEQUENCE, &info) == -1)
		return false;
	return der_take_oid(&info.value, oid) == 0 && strcmp(oid, OID_LIST) == 0;
}

const struct authenticode_kind authenticode_cat = {.format = "cat",
						   .title = "catalogue",
						   .noun = "catalogue",
						   .type = OID_LIST,
						   .usual = true,
						   .knows = cat_knows,
						   .check = cat_check,
						   .content = show_members};
