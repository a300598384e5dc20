# The page of one share.
share-title = Share received { $moment }
share-back = All shares
verdict-heading = Verdict
todo-label = What to do:
assurance-heading = What the signatures prove
findings-heading = Findings
findings-none = There are no findings.
finding-first-receipt = Open the first share
finding-about = Copy { $number }: { $name }
facts-heading = Facts
fact-branch = Branch
fact-service = Service
fact-legal-basis = Legal ground
fact-signers = The service accepts
fact-received = Received
fact-judged = Verdict given
fact-retention = Copies are destroyed
fact-retention-text = { $day }: { $reason }
fact-destroyed = Copies destroyed
fact-sender = Sender
fact-sender-none = empty reverse-path
fact-recipients = To
fact-subject = Subject
fact-message-id = Message-ID
fact-mail-size = Size of the mail
fact-share-id = Share’s number
letter-heading = Mail
letter-note = The sender chose the address and the subject. They prove nothing.
letter-download = Download the whole mail (.eml)
documents-heading = Copies of documents
documents-none = There are no copies of documents.
document-heading = { $number }. { $type }
document-file = File name
document-size = Size
document-sha256 = SHA-256
document-retention = Destroyed
document-download = Download { $name }
document-excess = The service does not ask for this document
signature-download = Download signature { $name }
excess-hidden = { $count ->
        [one] { $count } more copy came that the service does not ask for: { $documents }. It is hidden; only a supervisor can open it.
       *[other] { $count } more copies came that the service does not ask for: { $documents }. They are hidden; only a supervisor can open them.
    }
details-closed = Your role opens neither copies nor personal data. Only what record-keeping needs is shown.
destroyed-title = The copies are destroyed
destroyed-text = The key and the data of this share were destroyed { $moment }. Only this entry without personal data is left.
document-destroyed = This copy was destroyed when its retention term ended.
