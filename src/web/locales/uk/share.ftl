# The page of one share.
share-title = Надходження { $moment }
share-back = Усі надходження
verdict-heading = Висновок
todo-label = Що робити:
assurance-heading = Що доводять підписи
findings-heading = Зауваження
findings-none = Зауважень немає.
finding-first-receipt = Відкрити перше надходження
finding-about = Копія № { $number }: { $name }
facts-heading = Відомості
fact-branch = Відділення
fact-service = Послуга
fact-legal-basis = Підстава обробки
fact-signers = Чиї підписи приймає послуга
fact-received = Надійшло
fact-judged = Висновок зроблено
fact-verdict-change = Попередній висновок
fact-verdict-change-text = { $verdict }; змінено { $at }
fact-retention = Знищення копій
fact-retention-text = { $day }: { $reason }
fact-destroyed = Копії знищено
fact-sender = Відправник
fact-sender-none = зворотної адреси немає
fact-recipients = На адресу
fact-subject = Тема листа
fact-message-id = Message-ID
fact-mail-size = Розмір листа
fact-share-id = Номер надходження (UUID)
technical = Технічні відомості
letter-heading = Лист
letter-note = Адресу й тему вказав відправник. Вони нічого не доводять.
letter-download = Завантажити лист повністю (.eml)
documents-heading = Копії документів
documents-none = Копій документів немає.
document-heading = № { $number }. { $type }
document-file = Назва файлу
document-type-source = Звідки відомо тип
document-size = Розмір
document-added = Додано після підписання
document-added-text = { $size }. Тут копія такою, якою її підписано, без доданого. Файл, як його надіслано, є в листі.
document-sha256 = SHA-256
document-retention = Знищення
document-download = Завантажити { $name }
document-excess = Не потрібна для цієї послуги
signature-download = Завантажити підпис { $name }
excess-hidden = { $count ->
        [one] Надійшла ще { $count } копія, не потрібна для цієї послуги: { $documents }. Її приховано, відкрити її може лише керівник.
        [few] Надійшли ще { $count } копії, не потрібні для цієї послуги: { $documents }. Їх приховано, відкрити їх може лише керівник.
       *[other] Надійшло ще { $count } копій, не потрібних для цієї послуги: { $documents }. Їх приховано, відкрити їх може лише керівник.
    }
details-closed = Ваша роль не дає доступу до копій і персональних даних. Показано лише те, що потрібно для обліку.
destroyed-title = Копії знищено
destroyed-text = Ключ і дані цього надходження знищено { $moment }. Залишився тільки цей запис без персональних даних.
document-destroyed = Цю копію знищено, коли минув її строк зберігання.
