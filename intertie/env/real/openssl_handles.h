// Owners of OpenSSL's objects, and its error queue as words. For this folder's sources only.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

namespace intertie::env::real {

template <auto release>
struct Release {
  template <class T>
  void operator()(T* object) const {
    release(object);
  }
};

using BioHandle = std::unique_ptr<BIO, Release<BIO_free_all>>;
using KeyHandle = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using CertificateHandle = std::unique_ptr<X509, Release<X509_free>>;
using CrlHandle = std::unique_ptr<X509_CRL, Release<X509_CRL_free>>;
using RevokedHandle = std::unique_ptr<X509_REVOKED, Release<X509_REVOKED_free>>;
using TimeHandle = std::unique_ptr<ASN1_TIME, Release<ASN1_TIME_free>>;
using IntegerHandle = std::unique_ptr<ASN1_INTEGER, Release<ASN1_INTEGER_free>>;
using ExtensionHandle = std::unique_ptr<X509_EXTENSION, Release<X509_EXTENSION_free>>;
using GeneralNamesHandle = std::unique_ptr<GENERAL_NAMES, Release<GENERAL_NAMES_free>>;
using StoreHandle = std::unique_ptr<X509_STORE, Release<X509_STORE_free>>;
using StoreContextHandle = std::unique_ptr<X509_STORE_CTX, Release<X509_STORE_CTX_free>>;
using ContextHandle = std::unique_ptr<SSL_CTX, Release<SSL_CTX_free>>;
using SslHandle = std::unique_ptr<SSL, Release<SSL_free>>;

// The latest error of this thread as OpenSSL words it; empties the queue.
inline std::string openssl_reason() {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = ERR_reason_error_string(code);
  ERR_clear_error();
  return reason != nullptr ? reason : "no reason given";
}

}  // namespace intertie::env::real
