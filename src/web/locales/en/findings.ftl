# One text per finding code, and per sub-indication of ETSI EN 319 102-1.
finding-algorithm_unsupported = The signature is made with an algorithm that Skrynka does not check: { $detail }.
    .todo = Check this signature by other means, for example on the site of the Central Certification Authority.
finding-content_time_only = The time is proved for the document alone; nothing proves when it was signed.
    .todo = The signature was judged for the time the mail was received, so there is nothing to do. Do not take the time in the time-stamp for the time of signing.
finding-crashed_while_opening = The program stopped several times while opening the mail, so the mail is kept unopened.
    .todo = Tell the administrator, and ask the visitor to send the copies again.
finding-duplicate = { $detail ->
    [destroyed] The same copy came before; what came then is destroyed, for its retention period is over.
    [other-branch] The same copy came before, to another branch.
   *[other] The same copy came before.
    }
    .todo = Find out whether somebody uses another person’s copy.
finding-encrypted_for_others = The copy is encrypted for certificate { $detail }; there is no key for it.
    .todo = Ask for the copy to be sent again, encrypted for your organisation, or tell the administrator, who can add the key.
finding-encrypted_unopened = The encrypted copy cannot be opened; the report says why.
    .todo = Ask the visitor to send the copy again. If that does not help, tell the administrator.
finding-excess_document = The service does not ask for this document: { $documents }.
    .todo = Do not use it. The copy is hidden from operators and goes earlier than the others.
finding-judged_otherwise = { $detail ->
    [copy] Judged again, one of the copies that are kept turned out to be damaged, and nothing shows any more what it was.
    [mail] Judged again, the verdict is worse than it was before. The mail is destroyed or damaged by now; the copies that are kept were judged.
    [service] Judged again, the verdict is worse than it was before. An earlier version of Skrynka kept the copies, and not what the service asked for.
    [stopped] The program stopped several times while judging the copies again, so nothing shows any more that they are in order.
   *[other] Judged again, the verdict on the mail is worse than it was before, and its copies would be sorted otherwise than they are kept here.
    }
    .todo = Do not rely on these copies: what is shown of each copy is what was said at first. Ask for the copies to be sent again. A supervisor decides.
finding-key_compromised_earlier = The signer’s certificate was revoked because the key came into other hands, and that was before the proved time of the signature.
    .todo = Somebody else may have signed. Ask for the document to be sent again, or check it on the spot. A supervisor decides.
finding-limit_exceeded = A limit of safety was passed: { $detail }.
    .todo = Ask the visitor to send the documents in separate mails.
finding-missing_document = A document is missing: { $documents }.
    .todo = Ask the visitor to send it from the Diia app.
finding-no_document = The mail holds no copies of documents.
    .todo = Ask the visitor to send the copies from the Diia app with the service’s QR code.
finding-other_issuer = The copy bears the seal of an organisation that does not issue copies of documents: { $detail }.
    .todo = Any firm can buy a seal, so the document may be made up. Ask for a copy sent from the Diia app. The supervisor decides.
finding-not_a_document = The signature is valid, but what is signed is no document. It is { $detail }.
    .todo = Do not open this file. Ask the visitor to send the copy from the Diia app. A supervisor decides.
finding-pdf_unbound = The signature may have been made over another file and put into this one.
    .todo = Ask for the file with its signature beside it, or signed in the PAdES format. A supervisor decides.
finding-qr_expired = The service’s QR code has expired (after six months).
    .todo = Ask the administrator to make a new QR code in the partner portal and to replace the printed one.
finding-revocation_unchecked = The signature is valid. Whether its certificate was revoked is still being checked.
    .todo = The authority’s answer usually comes within minutes and the verdict follows by itself. If this note is still here after an hour, the authority does not answer or the certificate does not say whom to ask: tell the administrator.
finding-same_document = This is the same document as copy no. { $detail }, under another name or in another file.
    .todo = It counts once. If another document is missing, ask the visitor to send that one.
finding-sender_dkim = Whether a mail domain signed the mail (DKIM): { $signal }.
    .todo = This only hints at where the mail came from and changes no verdict. The proof is the signature on the document itself.
finding-sender_dmarc = Whether the mail is of the domain named in From (DMARC): { $signal }.
    .todo = This only hints at where the mail came from and changes no verdict. The proof is the signature on the document itself.
finding-sender_spf = Whether the sender’s domain lets this address send its mail (SPF): { $signal }.
    .todo = This only hints at where the mail came from and changes no verdict. The proof is the signature on the document itself.
finding-service_ambiguous = It could not be determined which service the copies are for: several match, and they ask for different things.
    .todo = Ask the visitor which service they are here for. A supervisor decides.
finding-service_retired = The address that the mail was sent to belongs to a service that is not offered any more.
    .todo = Ask the visitor where the QR code came from, and to send the copies by the one in use. The supervisor decides.
finding-signature_beside = The copy bears a further signature, which does not count: { $reason }.
    .todo = Another signature proves the copy. The report says who else signed.
finding-signature_invalid = The signature is invalid: { $reason }.
    .todo = Do not use this copy. Ask for the document to be sent again.
finding-signature_undetermined = { $past ->
        [yes] The signature proves nothing: { $reason }.
       *[no] The signature cannot be checked now: { $reason }.
    }
    .todo-past = Do not rely on this copy. Ask the visitor to send a new one from the Diia app. A supervisor decides.
    .todo = Show the signature report to the administrator. A supervisor decides.
finding-signature_without_content = There is a signature file, but not the document that it signs.
    .todo = Ask the visitor to send the document together with the signature.
finding-signer_not_accepted = The signature is valid, but by the wrong signer. The service requires: { $signers }.
    .todo = See in the report who signed. Ask for the copy to be sent from the Diia app.
finding-stale_copy = { $hours ->
        [0] When the copy was made is unknown, and the service needs a fresh one.
       *[other] The copy was made { $age } ago, and the service needs a newer one.
    }
    .todo = Ask the visitor to send a fresh copy. Do not go by the date in the file name: anybody can change it.
finding-timestamp-refused = { $past ->
        [yes] The time-stamp says “{ $time }”, but the certificate of its authority, “{ $authority }”, is no longer in force, so that date may have been written later.
       *[no] The time-stamp by “{ $authority }” does not count: { $reason }.
    }
finding-trust_list_stale = The trust list is out of date or missing: whether authorities may still issue certificates is not known.
    .todo = Tell the administrator, who has to fetch the new list: some days after its end it vouches for nobody. Until then do not rely on the word “qualified” in the report.
finding-type_by_name = The type is taken from the file name alone, and anybody can change a name.
    .todo = Open the copy and see whether it really is such a document.
finding-type_unknown = The type of the document could not be determined.
    .todo = Open the copy and see which document it is.
finding-unreadable = The structure of the mail is broken: { $detail }.
    .todo = Ask the visitor to send the copies again.
finding-unsigned_document = A copy without an electronic signature.
    .todo = Check the document on the spot: ask the visitor to show it in the Diia app.

sub-CHAIN_CONSTRAINTS_FAILURE = a certificate in the chain breaks a rule (key usage or constraints)
sub-CERTIFICATE_CHAIN_GENERAL_FAILURE = the chain of certificates could not be checked
sub-CRYPTO_CONSTRAINTS_FAILURE = the algorithm is not supported, or the key is too weak
sub-EXPIRED = the signer’s certificate had expired
sub-FORMAT_FAILURE = the format of the signature is not supported, or it is not built by the rules
sub-HASH_FAILURE = the document was changed after signing
sub-NO_CERTIFICATE_CHAIN_FOUND = the certificate’s issuer is unknown, no chain leads to a trusted authority
sub-NO_SIGNING_CERTIFICATE_FOUND = the signer’s certificate is neither in the signature nor among the trusted ones
sub-NOT_YET_VALID = the signer’s certificate was not yet valid at that time
sub-OUT_OF_BOUNDS_NO_POE = the certificate had expired, and the exact time of signing is not proved
sub-REVOKED = the signer’s certificate was revoked
sub-SIG_CRYPTO_FAILURE = the signature does not fit the signer’s key
sub-SIG_CONSTRAINTS_FAILURE = the signature’s attributes break a rule
sub-SIGNED_DATA_NOT_FOUND = the signed document is not at hand
sub-TRY_LATER = data that is needed is not there yet, and may be there later
sub-CRYPTO_CONSTRAINTS_FAILURE_NO_POE = the algorithm or key is too weak, and nothing proves a signature from when it was accepted
sub-OUT_OF_BOUNDS_NOT_REVOKED = the certificate was no longer valid; it had not been revoked
sub-REVOKED_CA_NO_POE = the authority’s certificate was revoked, and the exact time of signing is not proved
sub-REVOKED_NO_POE = the signer’s certificate was revoked, and the exact time of signing is not proved
sub-TIMESTAMP_ORDER_FAILURE = time-stamps contradict each other, or the signature
sub-unknown = the signature report names the reason

limit-boundary_lines = too many boundaries between the parts of the mail
limit-decoded_bytes = the attachments together are too large
limit-documents = too many documents
limit-forwarded_depth = too many forwarded mails within one another
limit-forwarded_mentions = too many forwarded mails
limit-header_bytes = the headers of the mail are too large
limit-header_lines = too many lines in the headers of the mail
limit-multipart_mentions = too many parts made of parts
limit-nesting = the parts of the mail are nested too deeply
limit-parts = too many parts in the mail
unreadable-empty = the mail is empty

instead-archive = an archive, or a container with another number of documents than one
instead-empty = an empty file
instead-encrypted = an encrypted file
instead-html = a web page
instead-image-ambiguous = a picture that programs show in different ways
instead-image-not-accepted = a picture, and the service accepts none of this kind
instead-image-unreadable = a picture that cannot be shown whole
instead-mail = a mail
instead-office = a document of an office program
instead-other = a file of an unknown kind
instead-pdf-encrypted = an encrypted PDF file
instead-pdf-not-at-start = a file in which a PDF begins behind the first byte
instead-pdf-unreadable = a PDF file whose structure cannot be read
instead-pdf-without-page = a PDF file without any page
instead-program = a program
instead-signature = a signature file without its document
instead-text = a plain text
instead-too-large = a file too large to be checked
instead-xml = a text in XML

signal-fail = no
signal-neutral = neither yes nor no
signal-none = there is no data
signal-pass = yes
signal-permerror = could not be determined, the data is wrong
signal-softfail = probably not
signal-temperror = could not be determined, the DNS did not answer

signers-anchors = the signature of any person or organisation with a certificate by a trusted authority
signers-seal = only the seal of an organisation that issues copies
signers-person = only a person’s signature
signers-seal-or-person = the seal of an organisation that issues copies, or a person’s signature
signers-pinned = only signatures of those named in its settings
signers-default-anchors = the signature of any person or organisation with a certificate by a trusted authority (the rule while no trust list is in use)
signers-default-seal-or-person = the seal of an organisation that issues copies, or a person’s signature (the rule where a trust list is in use)
signers-unknown = signatures of other signers

age-hours = { $count ->
        [one] { $count } hour
       *[other] { $count } hours
    }
age-days = { $count ->
        [one] { $count } day
       *[other] { $count } days
    }
