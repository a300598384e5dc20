# The login page.
login-title = Sign in
login-lead = Sign in to see the copies of documents sent to your branch.
login-name = User name
login-password = Password
login-submit = Sign in
login-wrong = The user name or the password is wrong. Check the keyboard layout and try again.
login-locked = { $minutes ->
        [one] Too many failed attempts. Try again in { $minutes } minute.
       *[other] Too many failed attempts. Try again in { $minutes } minutes.
    }
login-busy = Too many people are signing in now, so the password was not checked. Try again in a few seconds.
login-needs-https = This page was opened without HTTPS, so signing in will fail. Do not enter the password: open the address that begins with https://.
login-help = Forgot the password? Ask the administrator.
logged-out = You are signed out.
