# The closed sets: verdicts, roles, indications and the like.
verdict-malformed = Malformed
    .why = The mail cannot be opened safely: it is damaged or may be malicious.
    .todo = Do not open anything. Ask the visitor to send the copies again from the Diia app.
verdict-unrecognised = Unrecognised
    .why = Nothing in the mail looks like a copy of a document.
    .todo = Ask the visitor to send the copies from the Diia app with the service’s QR code.
verdict-invalid = Invalid
    .word-signer = Wrong signer
    .why = At least one signature is invalid: the copy was changed after signing, or the signature is forged.
    .why-signer = The signature is valid, but the signer is not one that the service accepts copies from.
    .todo = Do not use these copies. Ask for the documents to be sent again from the Diia app.
    .todo-signer = Do not use these copies. See in the report who signed them, and ask for the documents from the Diia app.
verdict-undetermined = Undetermined
    .why = It cannot be decided now: data for the check is missing, or it is unclear which service the copies are for.
    .why-content = In at least one file, what is signed is no document.
    .why-issuer = At least one copy bears the seal of an organisation that does not issue copies of documents.
    .why-past = At least one signature rests on a certificate or an algorithm that is no longer in force, and the exact time of signing is not proved.
    .why-stale = At least one copy is too old, or nothing says when it was made, and the service needs a fresh one.
    .todo = Read the notes below. A supervisor decides on such copies.
    .todo-content = Read the notes below and ask for the documents to be sent again from the Diia app.
    .todo-issuer = Do not rely on these copies. Read the notes below and ask for the documents from the Diia app.
    .todo-past = Do not rely on these copies. Read the notes below and ask for new ones from the Diia app.
    .todo-stale = Read the notes below and ask for fresh copies from the Diia app.
verdict-unsigned = Unsigned
    .why = At least one copy came without an electronic signature, so nothing proves where it is from.
    .todo = Check the document on the spot: ask the visitor to show it in the Diia app.
verdict-incomplete = Incomplete
    .why = The signatures of the copies are valid, but not every requested document came.
    .todo = Ask the visitor to send the missing documents.
verdict-verified = Verified
    .why = Every requested copy is here, the signatures are valid, and nothing is doubtful.
    .why-noted = Every requested copy is here and the signatures are valid, but there is something to consider.
    .todo = The copies can be used.
    .todo-noted = Read the notes below first.

assurance-sealed = Issuer’s seal
    .why = The organisation named in the seal issued the copy: it is one that issues copies of documents.
assurance-sealed-by-other = Seal of another organisation
    .why = The organisation named in the seal vouches for the file, but it does not issue copies of documents. Any firm can buy a seal.
assurance-person-signed = Person’s signature
    .why = The person named in the signature signed the file. That does not prove that the document in it is genuine.
assurance-none = Not proved
    .why = The signatures do not prove who issued or sent these copies.
    .why-content = The signature is valid, but it is not on a document, so it proves none.
    .word-signer = Wrong signer
    .why-signer = The report below says who signed, but the service needs another signer’s signature.
    .word-unsigned = No signature
    .why-unsigned = No copy is signed, so nothing proves who issued or sent them.

signer-kind-sealed = Organisation’s seal
    .why = The organisation named in the seal vouches for the file.
signer-kind-person-signed = Person’s signature
    .why = The person named in the signature signed the file. That does not prove that the document in it is genuine.
signer-kind-none = Could not be determined
    .why = The certificate does not say whether it is for an organisation’s seal or for a person’s signature.

role-operator = operator
role-supervisor = supervisor
role-auditor = auditor
role-admin = administrator

severity-info = For information
severity-warning = Warning
severity-error = Reason for the verdict

indication-TOTAL_PASSED = Signature valid
indication-doubted = Signature valid, but see the notes
indication-INDETERMINATE = Signature undetermined
indication-TOTAL_FAILED = Signature invalid
indication-none = Unsigned

container-asic-e = ASiC-E archive with signed files
container-asic-s = ASiC-S archive: the document with its signature
container-envelope = Encrypted envelope, not opened
came-encrypted = Came encrypted
container-pades = PDF with the signature inside
container-cms-attached = The document inside the signature (CMS)
container-cms-detached = The signature in a file of its own (CMS)
container-none = No signature

certificate-role-signer = signer
certificate-role-authority = intermediate authority
certificate-role-anchor = trusted authority
certificate-role-pinned-signer = signer, trusted directly

certificate-source-signature = from the signature
certificate-source-trust-directory = from the trust directory
certificate-source-trust-list = from the trust list

best-time-archive-timestamp = the time that an archive time-stamp proves
best-time-document-timestamp = the time that a time-stamp in the PDF file proves
best-time-signature-timestamp = the time that a time-stamp proves for the signature
best-time-receipt = the time the mail was received; the exact time of signing is not proved
best-time-given = the time named by the person who checked

retention-service = the service’s retention period
retention-quarantine = the set is not confirmed, so the short retention period applies
retention-excess = the service does not ask for this document, so the short retention period applies

legal-basis-consent = consent
legal-basis-law = permission given by law
legal-basis-contract = making and performing a contract
legal-basis-vital = protection of vital interests
legal-basis-duty = a duty laid down by law
legal-basis-interest = legitimate interest

type-source-metadata = signed metadata of the copy
type-source-staff = somebody of the staff who looked at the copy
type-source-face = the document itself
type-source-name = the file name alone
type-unknown = Type unknown
not-stated = not stated
none = none
or = or
