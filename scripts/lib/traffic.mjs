// The call log of a PBX on which people call: every call goes one of the ways that a call takes.

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** A row of the call log. */
function leg(call, number, start, fields) {
	return {
		CdrId: `00000000-01dd-43ab-25e4-c2430${String(call).padStart(5, '0')}ic${number}`,
		MainCallHistoryId: `00000000-01dd-43ab-25e4-c2430${String(call).padStart(5, '0')}ic`,
		SegmentId: number,
		StartTime: new Date(start).toISOString(),
		RingingDuration: 'PT0S',
		TalkingDuration: 'PT0S',
		Answered: false,
		Status: 'Unanswered',
		Direction: 'Inbound',
		CallType: 'Extension',
		SourceDn: '10000',
		SourceCallerId: `+4930${String(100000 + call)}`,
		SourceDisplayName: `Caller ${call}`,
		DestinationDn: String(100 + (call % 30)),
		DestinationDisplayName: `Agent ${call % 30}`,
		...fields,
	};
}

const queue = { Direction: 'Inbound Queue', CallType: 'Queue', Status: 'Waiting', Answered: true, DestinationDn: '800', DestinationDisplayName: 'Sales' };
const answered = { Answered: true, Status: 'Answered', RingingDuration: 'PT5S', TalkingDuration: 'PT1M30.5S' };

/** What each kind of call is made of: when a leg starts after the first one, and how it differs. */
const WAYS = {
	answered: [[0, answered]],
	'answered from the queue': [[0, queue], [20 * SECOND, { RingingDuration: 'PT15S' }], [20 * SECOND, { ...answered, DestinationDn: '131' }]],
	'missed in the queue': [[0, queue], [10 * SECOND, { RingingDuration: 'PT30S' }]],
	'sent on after an hour': [[0, { ...answered, TalkingDuration: 'PT1H' }], [60 * MINUTE + 5 * SECOND, { ...answered, DestinationDn: '132' }]],
	outbound: [[0, { ...answered, Direction: 'Outbound', CallType: 'External', SourceDn: '101', SourceCallerId: 'Ext.101', DestinationDn: '10000', DestinationCallerId: '+49401234567' }]],
	internal: [[0, { Direction: 'Internal', SourceDn: '101', SourceCallerId: 'Ext.101' }]],
};

/** So many legs, at the same distance over a period. */
export function traffic({ from, to, legs }) {
	const ways = Object.values(WAYS);
	const rows = [];
	const average = ways.flat().length / ways.length;
	const step = (to - from) / (legs / average);
	for (let call = 0; rows.length < legs; call++) {
		const start = Math.min(from + call * step, to - 1);
		for (const [number, [after, fields]] of ways[call % ways.length].entries()) {
			if (rows.length < legs) rows.push(leg(call, number + 1, start + after, fields));
		}
	}
	return rows;
}
