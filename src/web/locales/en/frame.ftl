# What stands on every page.
brand = Skrynka
brand-purpose = Copies of documents shared from the Diia app
skip-to-content = Skip to content
signed-in-as = Signed in as { $name } ({ $role })
log-out = Sign out
language-form = Language of the page
language-uk = Українською
language-en = In English
footer-note = Views and downloads of copies are written to the audit log.
trust-empty-title = The directory of trusted certificates is empty.
trust-empty-text = No signature can be confirmed, so no received copies can get the verdict “Verified”. Administrator: put the issuers’ certificates into the trust directory.
trust-list = Trust list: of { $issued }, valid until { $next }.
trust-list-none = Trust list: none.
clock-ahead = The server’s clock stands more than a day past the last confirmed time.
clock-behind = The server’s clock stands before the last confirmed time.
clock-text = Nothing is destroyed until the time is confirmed; mail is accepted. Administrator: check the clock and run “skrynka clock”.
