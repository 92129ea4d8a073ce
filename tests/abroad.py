"""Invented reports of three happenings in many languages, for tests."""

from __future__ import annotations

COLLISION = {
    "en": "A South Korean ship rammed a ferry in Istanbul; 1,350 passengers were saved, Captain Teodor Malinski said.",
    "de": "Ein südkoreanisches Schiff rammte in Istanbul eine Fähre; 1.350 Passagiere wurden gerettet, sagte Kapitän "
    "Teodor Malinski.",
    "fr": "Un navire sud-coréen a percuté un ferry à Istanbul ; 1\u202f350 passagers ont été secourus, a dit le "
    "capitaine Teodor Malinski.",
    "es": "Un barco surcoreano embistió un transbordador en Estambul; 1.350 pasajeros fueron rescatados, dijo el "
    "capitán Teodor Malinski.",
    "ru": "Южнокорейское судно протаранило паром в Стамбуле; спасены 1350 пассажиров, сообщил капитан Теодор "
    "Малинский.",
    "uk": "Південнокорейське судно протаранило пором у Стамбулі; врятовано 1350 пасажирів, повідомив капітан Теодор "
    "Малінський.",
    "el": "Νοτιοκορεατικό πλοίο εμβόλισε φέρι στην Κωνσταντινούπολη· 1.350 επιβάτες σώθηκαν, είπε ο καπετάνιος "
    "Τέοντορ Μαλίνσκι.",
    "ar": "اصطدمت سفينة كورية جنوبية بعبّارة في إسطنبول وأُنقذ 1350 راكبا، بحسب القبطان تيودور مالينسكي.",
    "he": "ספינה דרום קוריאנית התנגשה במעבורת באיסטנבול; 1,350 נוסעים חולצו, אמר רב החובל תאודור מלינסקי.",
    "hi": "इस्तांबुल में दक्षिण कोरियाई जहाज़ एक नौका से टकराया; 1,350 यात्री बचाए गए, कप्तान तियोदोर मालिंस्की ने कहा।",
    "th": "เรือเกาหลีใต้ชนเรือข้ามฟากในอิสตันบูล ผู้โดยสาร 1,350 คนได้รับการช่วยเหลือ กัปตันเตโอดอร์ มาลินสกี กล่าว",
    "ko": "한국 선박이 이스탄불에서 여객선을 들이받아 승객 1350명이 구조됐다고 선장 테오도르 말린스키가 말했다.",
    "ja": "イスタンブールで韓国の船がフェリーに衝突し、乗客1350人が救助されたと船長テオドル・マリンスキーが述べた。",
    "zh": "一艘韩国船只在伊斯坦布尔撞上渡轮，1350名乘客获救，船长特奥多尔·马林斯基说。",
    "zh-Hant": "一艘韓國船隻在伊斯坦堡撞上渡輪，1350名乘客獲救，船長特奧多爾·馬林斯基說。",
    "tr": "Güney Kore gemisi İstanbul'da bir feribota çarptı; 1.350 yolcu kurtarıldı, kaptan Teodor Malinski söyledi.",
    "fi": "Eteläkorealainen alus törmäsi lauttaan Istanbulissa; 1\u00a0350 matkustajaa pelastettiin, kapteeni Teodor "
    "Malinski kertoi.",
}
TREMOR = {
    "en": "An earthquake near Lima destroyed 270 houses; Peru's minister Dolores Quintano spoke of a miracle.",
    "de": "Ein Beben bei Lima zerstörte 270 Häuser; Perus Ministerin Dolores Quintano sprach von einem Wunder.",
    "es": "Un sismo cerca de Lima destruyó 270 casas; la ministra peruana Dolores Quintano habló de un milagro.",
    "ru": "Землетрясение близ Лимы разрушило 270 домов; министр Перу Долорес Кинтано говорила о чуде.",
    "ko": "리마 인근 지진으로 주택 270채가 무너졌다고 페루 장관 돌로레스 킨타노가 전했다.",
    "ja": "ペルーのリマ近郊の地震で270棟が倒壊し、ドロレス・キンタノ大臣は奇跡だと語った。",
    "ar": "دمّر زلزال قرب ليما 270 منزلا، وتحدثت وزيرة بيرو دولوريس كينتانو عن معجزة.",
    "zh": "秘鲁利马附近发生地震，270栋房屋倒塌，部长多洛雷斯·金塔诺称之为奇迹。",
}
GUILD = {
    "en": "The bakers' guild of Nairobi will strike for 12 days from Monday, said its head Wekesa Ombaro of Kenya.",
    "fr": "La guilde des boulangers de Nairobi fera grève 12 jours, dit son chef kényan Wekesa Ombaro.",
    "uk": "Гільдія пекарів Найробі страйкуватиме 12 днів, сказав її голова, кенієць Векеса Омбаро.",
    "tr": "Nairobi fırıncılar loncası 12 gün grev yapacak, dedi Kenyalı başkanı Wekesa Ombaro.",
    "ko": "나이로비 제빵 조합이 12일간 파업한다고 케냐의 조합장 웨케사 옴바로가 말했다.",
}
