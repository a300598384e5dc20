# The report on a document's signatures.
report-heading = Signature report
signature-heading = Signature { $number }
signer-name = Who signed
signer-organisation = Organisation
signer-code = Code
signer-country = Country
signer-assurance = What it proves
signature-reason = Reason
signature-reason-detail = In detail
signature-proves-nothing = Nothing: the signature is not confirmed.
signature-level = Level
signature-algorithm = Algorithm
signature-algorithm-text = { $algorithm }, digest { $digest }
signer-key = Signer’s key
signing-time = Time of signing, as the signer claims
judged-for = Checked as of
judged-for-text = { $moment } ({ $why })
timestamps = Time-stamps
timestamps-text = { $count ->
        [one] { $count } time-stamp found, not judged
       *[other] { $count } time-stamps found, not judged
    }
warnings = Warnings
chain-summary = Certificates
chain-caption = The chain of certificates, from the signer to the trusted issuer
chain-empty = There is no chain of certificates.
chain-place = Place
chain-subject = Subject
chain-validity = Valid
chain-validity-text = { $from } – { $to }
chain-key = Key
chain-serial = Serial number
chain-problem = Problem
chain-sound = none found
chain-expired = its validity is over
chain-not-yet-valid = its validity has not begun
chain-flawed = the certificate is not confirmed
