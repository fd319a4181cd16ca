/*
 * What revocation lists (RFC 5280, 5 and 6.3) and OCSP responses (RFC 6960) say of the
 * certificates on a path: those that came with the signature, and those that the user
 * gave. Nothing is fetched; without data nothing is claimed.
 */
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "signature/signature_private.h"

/* When the entry says that the key stopped being good: the invalidity date if there is
 * one (RFC 5280, 5.3.2), else the revocation date. */
static int64_t
revoked_since(const X509_REVOKED *entry)
{
	int64_t since = INT64_MIN, earlier;
	certificate_time(X509_REVOKED_get0_revocationDate(entry), &since);
	ASN1_GENERALIZEDTIME *invalid =
	    X509_REVOKED_get_ext_d2i(entry, NID_invalidity_date, NULL, NULL);
	if (invalid != NULL && certificate_time(invalid, &earlier) == 0 &&
	    earlier < since)
		since = earlier;
	ASN1_GENERALIZEDTIME_free(invalid);
	return since;
}

/* One certificate of a path and what is asked about it. */
struct asking {
	X509 *certificate, *issuer;
	const int64_t *signed_at; /* NULL: unknown */
	struct buf *text;
	struct judgement *judgement; /* NULL: only described */
};

static void
describe_revoked(const struct asking *asking, int64_t since)
{
	X509 *certificate = asking->certificate;
	const int64_t *signed_at = asking->signed_at;
	struct judgement *judgement = asking->judgement;
	struct buf *text = asking->text;
	char when[TIME_TEXT];
	char *name = certificate_name(X509_get_subject_name(certificate));
	time_text(since, when);
	bool after = signed_at != NULL && *signed_at < since;
	buf_printf(text, "%s'%s' was revoked on %s%s", text->size != 0 ? "; " : "",
		   name, when, after ? ", after signing" : "");
	if (!after && judgement != NULL)
		judgement_add(judgement, SIGNATURE_REVOKED,
			      "the certificate of '%s' was revoked on %s", name, when);
	free(name);
}

static void
describe_good(const struct asking *asking, const ASN1_TIME *when, const char *where)
{
	char at[TIME_TEXT] = "an unreadable time";
	int64_t seconds;
	if (certificate_time(when, &seconds) == 0)
		time_text(seconds, at);
	char *name = certificate_name(X509_get_subject_name(asking->certificate));
	buf_printf(asking->text, "%s'%s' is %s of %s",
		   asking->text->size != 0 ? "; " : "", name, where, at);
	free(name);
}

/* One list against one certificate of the path. */
static void
ask_crl(const struct asking *asking, X509_CRL *crl)
{
	X509_REVOKED *entry = NULL;
	EVP_PKEY *key = X509_get0_pubkey(asking->issuer);
	if (key == NULL ||
	    X509_NAME_cmp(X509_CRL_get_issuer(crl),
			  X509_get_issuer_name(asking->certificate)) != 0 ||
	    X509_CRL_verify(crl, key) != 1)
		return;
	if (X509_CRL_get0_by_cert(crl, &entry, asking->certificate) == 1)
		describe_revoked(asking, revoked_since(entry));
	else
		describe_good(asking, X509_CRL_get0_lastUpdate(crl),
			      "not in its issuer's list");
}

/* ---- OCSP ------------------------------------------------------------- */

/* Did the issuer, or a responder that it certified for this, sign the response
 * (RFC 6960, 4.2.2.2)? Judged at the time that the response names. */
static bool
response_holds(OCSP_BASICRESP *basic, X509 *issuer)
{
	int64_t produced;
	bool holds = false;
	STACK_OF(X509) *others = sk_X509_new_null();
	X509_STORE *store = X509_STORE_new();
	X509_VERIFY_PARAM *rules = X509_STORE_get0_param(store);
	X509_STORE_add_cert(store, issuer);
	sk_X509_push(others, issuer);
	X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN);
	if (certificate_time(OCSP_resp_get0_produced_at(basic), &produced) == 0) {
		X509_VERIFY_PARAM_set_time(rules, (time_t)produced);
		holds = OCSP_basic_verify(basic, others, store, 0) == 1;
	}
	sk_X509_free(others);
	X509_STORE_free(store);
	return holds;
}

/* Does the single response name this certificate (RFC 6960, 4.1.1)? */
static bool
single_is_of(OCSP_SINGLERESP *single, const struct asking *asking)
{
	ASN1_OBJECT *algorithm = NULL;
	OCSP_CERTID *named = (OCSP_CERTID *)(uintptr_t)OCSP_SINGLERESP_get0_id(single);
	if (OCSP_id_get0_info(NULL, &algorithm, NULL, NULL, named) != 1)
		return false;
	const EVP_MD *digest = EVP_get_digestbyobj(algorithm);
	if (digest == NULL)
		return false;
	OCSP_CERTID *id = OCSP_cert_to_id(digest, asking->certificate, asking->issuer);
	bool same = id != NULL && OCSP_id_cmp(id, named) == 0;
	OCSP_CERTID_free(id);
	return same;
}

static void
ask_single(const struct asking *asking, OCSP_SINGLERESP *single)
{
	ASN1_GENERALIZEDTIME *revoked = NULL, *updated = NULL;
	int reason, status = OCSP_single_get0_status(single, &reason, &revoked,
						     &updated, NULL);
	int64_t since = INT64_MIN;
	if (status == V_OCSP_CERTSTATUS_GOOD) {
		describe_good(asking, updated, "good in a response");
	} else if (status == V_OCSP_CERTSTATUS_REVOKED) {
		certificate_time(revoked, &since);
		describe_revoked(asking, since);
	}
}

/* One response against one certificate of the path. */
static void
ask_response(const struct asking *asking, OCSP_RESPONSE *response)
{
	OCSP_BASICRESP *basic =
	    OCSP_response_status(response) == OCSP_RESPONSE_STATUS_SUCCESSFUL
		? OCSP_response_get1_basic(response)
		: NULL;
	if (basic != NULL && response_holds(basic, asking->issuer)) {
		for (int i = 0; i < OCSP_resp_count(basic); i++) {
			OCSP_SINGLERESP *single = OCSP_resp_get0(basic, i);
			if (single_is_of(single, asking))
				ask_single(asking, single);
		}
	}
	OCSP_BASICRESP_free(basic);
}

/* ---- the path --------------------------------------------------------- */

char *
chain_revocation(const struct chains *chains, const struct chain *chain,
		 const int64_t *signed_at, struct judgement *judgement)
{
	const struct trust *trust = chains->trust;
	struct buf text = {0};
	for (size_t i = 0; i + 1 < chain->count; i++) {
		const struct asking asking = {chain->certificates[i],
					      chain->certificates[i + 1], signed_at,
					      &text, judgement};
		for (size_t k = 0; k < chains->crl_count; k++)
			ask_crl(&asking, chains->crls[k]);
		for (size_t k = 0; k < trust->crl_count; k++)
			ask_crl(&asking, trust->crls[k]);
		for (size_t k = 0; k < trust->response_count; k++)
			ask_response(&asking, trust->responses[k]);
	}
	ERR_clear_error();
	if (text.size == 0)
		buf_puts(&text, "not checked: no data");
	return buf_take(&text);
}
