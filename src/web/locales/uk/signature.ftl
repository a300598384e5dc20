# The report on a document's signatures.
report-heading = Звіт про підписи
signature-heading = Підпис { $number }
signer-name = Хто підписав
signer-organisation = Організація
signer-code = Код
signer-country = Країна
signer-assurance = Що це доводить
signature-reason = Причина
signature-reason-detail = Для адміністратора (англійською)
signature-proves-nothing = Нічого: підпис не підтверджено.
signature-level = Рівень
signature-algorithm = Алгоритм
signature-algorithm-text = { $algorithm }, геш { $digest }
signer-key = Ключ підписувача
signing-time = Час підписання, за словами підписувача
judged-for = Перевірено станом на
judged-for-text = { $moment } ({ $why })
timestamps = Позначки часу
timestamps-text = { $count ->
        [one] знайдено { $count } позначку часу, її не перевірено
        [few] знайдено { $count } позначки часу, їх не перевірено
       *[other] знайдено { $count } позначок часу, їх не перевірено
    }
warnings = Застереження (англійською)
chain-summary = Сертифікати
chain-caption = Ланцюг сертифікатів, від підписувача до довіреного видавця
chain-empty = Ланцюга сертифікатів немає.
chain-place = Місце
chain-subject = Власник
chain-validity = Діє
chain-validity-text = { $from } – { $to }
chain-key = Ключ
chain-serial = Серійний номер
chain-problem = Вада
chain-sound = вад не знайдено
chain-expired = строк дії минув
chain-not-yet-valid = ще не набрав чинності
chain-flawed = сертифікат не підтверджено
